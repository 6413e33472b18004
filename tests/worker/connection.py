"""How the worker reaches Temporal: the same TEMPORAL_* names as the agent, also from a .env file or a profile."""
from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Sequence

from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfigProfile, ClientConfigTLS

import encryption
import telemetry

ADDRESS = "localhost:7233"
FILES = ("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_SERVER_CA_CERT_PATH")
# Names from before Temporal had its own: they still work, with a note.
OLDER = {"TEMPORAL_TLS_CERT": "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_KEY": "TEMPORAL_TLS_CLIENT_KEY_PATH"}


class NotReachable(Exception):
    """No Temporal server answers; says what to check."""


class Misconfigured(Exception):
    """The settings contradict themselves; says which and how."""


@dataclass(frozen=True)
class Settings:
    profile: ClientConfigProfile
    task_queue: str | None = None
    codec_keys: str | None = None
    metrics: str | None = None
    notes: list[str] = field(default_factory=list)

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
        values = {**read_env_file(env_file), **(os.environ if environment is None else environment)}
        notes = []
        for old, new in OLDER.items():
            if values.get(old):
                values.setdefault(new, values[old])
                notes.append(f"{old} is read as {new}, its name today")
        refuse_what_contradicts_itself(values)
        from_file = bool(values.get("TEMPORAL_CONFIG_FILE") or values.get("TEMPORAL_PROFILE"))
        given = {name: value for name, value in values.items() if value}
        try:
            profile = ClientConfigProfile.load(disable_file=not from_file, override_env_vars=given)
        except RuntimeError as problem:
            raise Misconfigured(str(problem)) from problem
        return Settings(profile, values.get("TEMPORAL_TASK_QUEUE"), values.get("WORKER_CODEC_KEYS"),
                        values.get("WORKER_METRICS"), notes)

    @property
    def address(self) -> str:
        return self.profile.address or ADDRESS

    @property
    def namespace(self) -> str:
        return self.profile.namespace or "default"

    @property
    def tls(self) -> ClientConfigTLS | None:
        """Also by itself where there is an API key; None where nothing asks for it."""
        wanted = self.profile.tls or (ClientConfigTLS() if self.profile.api_key else None)
        return None if wanted and wanted.disabled else wanted

    def summary(self) -> str:
        key = f"API key {self.profile.api_key[:8]}…" if self.profile.api_key else "no API key"
        security = "no TLS" if self.tls is None else "mTLS" if self.tls.client_cert else "TLS"
        encrypted = "encrypted payloads" if self.codec_keys else "plain payloads"
        metrics = f"metrics on http://{self.metrics}/metrics" if self.metrics else "no metrics"
        line = f"Temporal {self.address}, namespace {self.namespace}, {security}, {key}, {encrypted}, {metrics}"
        return "\n".join([line, *(f"note: {note}" for note in self.notes)])

    def converter(self) -> DataConverter:
        """Typed (pydantic) payloads, encrypted where there are keys."""
        if not self.codec_keys:
            return pydantic_data_converter
        codec = encryption.EncryptionCodec(encryption.read_keys(self.codec_keys))
        return dataclasses.replace(pydantic_data_converter, payload_codec=codec)


def refuse_what_contradicts_itself(values: Mapping[str, str]) -> None:
    if "://" in values.get("TEMPORAL_ADDRESS", ""):
        raise Misconfigured(f"TEMPORAL_ADDRESS: {values['TEMPORAL_ADDRESS']} is no gRPC address, which a worker needs: "
                            "write host:port, usually port 7233. The agent's HTTP address is TEMPORAL_HTTP_ADDRESS")
    cert, key, _ = (values.get(name) for name in FILES)
    if bool(cert) != bool(key):
        raise Misconfigured("a certificate needs its key, and a key its certificate: set both "
                            "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH")
    for name in FILES:
        if values.get(name) and not Path(values[name]).is_file():
            raise Misconfigured(f"{name}: there is no file {values[name]}")
    if values.get("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "").lower() in ("1", "true"):
        raise Misconfigured("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: Temporal's Python SDK always verifies; "
                            "name the authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH instead")


def read_env_file(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    pairs = (line.split("=", 1) for line in file.read_text().splitlines()
             if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


async def connect(settings: Settings, interceptors: Sequence[Interceptor] = ()) -> Client:
    tls = settings.tls.to_connect_tls_config() if settings.tls else False
    try:
        return await Client.connect(settings.address, namespace=settings.namespace, api_key=settings.profile.api_key,
                                    tls=tls, rpc_metadata=settings.profile.grpc_meta,
                                    data_converter=settings.converter(), interceptors=interceptors,
                                    runtime=telemetry.runtime(settings.metrics))
    except RuntimeError as problem:
        raise NotReachable(f"no Temporal server answers at {settings.address}: {problem}\n"
                           "start one, or set TEMPORAL_ADDRESS to its host:port") from problem
