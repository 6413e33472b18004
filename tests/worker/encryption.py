"""The payload codec of Temporal's own samples: AES-GCM over the whole payload; the newest key encrypts, all decrypt."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/encrypted"
NONCE = 12


class EncryptionCodec(PayloadCodec):
    def __init__(self, keys: dict[str, bytes]) -> None:
        """In the order of the mapping; the first one encrypts."""
        self.newest = next(iter(keys))
        self.ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": ENCODING, "encryption-key-id": self.newest.encode()},
                    data=self.encrypt(payload.SerializeToString()))
            for payload in payloads
        ]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self.decoded(payload) for payload in payloads]

    def encrypt(self, data: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self.ciphers[self.newest].encrypt(nonce, data, None)

    def decoded(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata["encryption-key-id"].decode()
        if key_id not in self.ciphers:
            raise ValueError(f"no key {key_id}")
        plain = self.ciphers[key_id].decrypt(payload.data[:NONCE], payload.data[NONCE:], None)
        return Payload.FromString(plain)


def read_keys(text: str) -> dict[str, bytes]:
    """"ID=FILE,ID=FILE", the newest first; each file holds 32 bytes."""
    pairs = (pair.split("=", 1) for pair in text.split(","))
    return {key_id: Path(file).read_bytes() for key_id, file in pairs}
