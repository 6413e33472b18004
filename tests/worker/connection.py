"""How the worker reaches Temporal: the same TEMPORAL_* names as the agent, also from a .env file."""
from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, TLSConfig


class NotReachable(Exception):
    """No Temporal server answers; says what to check."""


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

    @staticmethod
    def from_environment() -> Settings:
        values = {**read_env_file(Path(".env")), **os.environ}

        def first(*names: str) -> str | None:
            return next((values[name] for name in names if values.get(name)), None)

        cert = first("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CERT")
        api_key = first("TEMPORAL_API_KEY")
        ca = first("TEMPORAL_TLS_SERVER_CA_CERT_PATH")
        return Settings(
            address=first("TEMPORAL_ADDRESS") or "localhost:7233",
            namespace=first("TEMPORAL_NAMESPACE") or "default",
            api_key=api_key,
            tls=(first("TEMPORAL_TLS") or "").lower() in ("1", "true") or bool(cert or ca or api_key),
            cert=cert,
            key=first("TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_KEY"),
            ca=ca,
            server_name=first("TEMPORAL_TLS_SERVER_NAME"),
        )

    def summary(self) -> str:
        key = f"API key {self.api_key[:8]}…" if self.api_key else "no API key"
        security = ("mTLS" if self.cert else "TLS") if self.tls else "no TLS"
        return f"Temporal {self.address}, namespace {self.namespace}, {security}, {key}"


def read_env_file(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    pairs = (line.split("=", 1) for line in file.read_text().splitlines()
             if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


async def connect(settings: Settings) -> Client:
    def content(path: str | None) -> bytes | None:
        return Path(path).read_bytes() if path else None

    tls = TLSConfig(server_root_ca_cert=content(settings.ca), client_cert=content(settings.cert),
                    client_private_key=content(settings.key), domain=settings.server_name) if settings.tls else False
    try:
        return await Client.connect(settings.address, namespace=settings.namespace, api_key=settings.api_key, tls=tls)
    except RuntimeError as problem:
        raise NotReachable(f"no Temporal server answers at {settings.address}: {problem}\n"
                           "start one, or set TEMPORAL_ADDRESS to its host:port") from problem
