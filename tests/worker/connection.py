"""How the worker reaches Temporal: the same TEMPORAL_* names as the agent, also from a .env file."""
from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from temporalio.client import Client, Interceptor, TLSConfig
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter

import encryption
import telemetry


class NotReachable(Exception):
    """No Temporal server answers; says what to check."""


class Misconfigured(Exception):
    """The settings contradict themselves; says which and how."""


@dataclass(frozen=True)
class Settings:
    address: str = "localhost:7233"
    namespace: str = "default"
    api_key: str | None = None
    tls: bool = False
    cert: str | None = None
    key: str | None = None
    ca: str | None = None
    server_name: str | None = None
    codec_keys: str | None = None
    metrics: str | None = None

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
        values = {**read_env_file(env_file), **(os.environ if environment is None else environment)}

        def first(*names: str) -> str | None:
            return next((values[name] for name in names if values.get(name)), None)

        cert = first("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CERT")
        key = first("TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_KEY")
        api_key = first("TEMPORAL_API_KEY")
        ca = first("TEMPORAL_TLS_SERVER_CA_CERT_PATH")
        if bool(cert) != bool(key):
            raise Misconfigured("a certificate needs its key, and a key its certificate: set both "
                                "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH")
        for path in (cert, key, ca):
            if path and not Path(path).is_file():
                raise Misconfigured(f"there is no file {path}")
        return Settings(
            address=first("TEMPORAL_ADDRESS") or "localhost:7233",
            namespace=first("TEMPORAL_NAMESPACE") or "default",
            api_key=api_key,
            tls=(first("TEMPORAL_TLS") or "").lower() in ("1", "true") or bool(cert or ca or api_key),
            cert=cert,
            key=key,
            ca=ca,
            server_name=first("TEMPORAL_TLS_SERVER_NAME"),
            codec_keys=first("WORKER_CODEC_KEYS"),
            metrics=first("WORKER_METRICS"),
        )

    def summary(self) -> str:
        key = f"API key {self.api_key[:8]}…" if self.api_key else "no API key"
        security = ("mTLS" if self.cert else "TLS") if self.tls else "no TLS"
        encrypted = "encrypted payloads" if self.codec_keys else "plain payloads"
        metrics = f"metrics on http://{self.metrics}/metrics" if self.metrics else "no metrics"
        return f"Temporal {self.address}, namespace {self.namespace}, {security}, {key}, {encrypted}, {metrics}"

    def converter(self) -> DataConverter:
        """Typed (pydantic) payloads, encrypted where there are keys."""
        if not self.codec_keys:
            return pydantic_data_converter
        codec = encryption.EncryptionCodec(encryption.read_keys(self.codec_keys))
        return dataclasses.replace(pydantic_data_converter, payload_codec=codec)


def read_env_file(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    pairs = (line.split("=", 1) for line in file.read_text().splitlines()
             if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


async def connect(settings: Settings, interceptors: Sequence[Interceptor] = ()) -> Client:
    def content(path: str | None) -> bytes | None:
        return Path(path).read_bytes() if path else None

    tls = TLSConfig(server_root_ca_cert=content(settings.ca), client_cert=content(settings.cert),
                    client_private_key=content(settings.key), domain=settings.server_name) if settings.tls else False
    try:
        return await Client.connect(settings.address, namespace=settings.namespace, api_key=settings.api_key, tls=tls,
                                    data_converter=settings.converter(), interceptors=interceptors,
                                    runtime=telemetry.runtime(settings.metrics))
    except RuntimeError as problem:
        raise NotReachable(f"no Temporal server answers at {settings.address}: {problem}\n"
                           "start one, or set TEMPORAL_ADDRESS to its host:port") from problem
