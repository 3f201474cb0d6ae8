"""Ed25519 keys by id: made, kept as text, published as a JWK set. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verifier.certificate import thumbprint


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs. It is never printed: `repr` shows its id alone."""

    private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: str) -> Self:
        """The key that `secret` wrote. Raises ValueError."""
        return cls(Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret, validate=True)))

    @property
    def secret(self) -> str:
        """The private key as text, to be encrypted before it is stored."""
        raw = self.private.private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        return base64.b64encode(raw).decode()

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )

    @property
    def keyid(self) -> str:
        """The JWK thumbprint of the public key."""
        return thumbprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, 64 bytes; always the same for the same message."""
        return self.private.sign(message)

    def __repr__(self) -> str:
        return f"Signer({self.keyid})"


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of a key: when it began and stopped signing, and whether it was withdrawn."""

    public: bytes
    begun: datetime
    retired: datetime | None = None
    withdrawn: bool = False


def key_set(keys: Iterable[Published], origin: str) -> dict[str, Any]:
    """The document at `/.well-known/assay-keys.json`: a JWK set (RFC 7517, RFC 8037) and the log's origin.

    `nbf` and `exp` are seconds since 1970: what a key signed is believed if it was issued in between.
    `revoked` says that it no longer is.
    """
    return {"log_origin": origin, "keys": [_jwk(key) for key in keys]}


def _jwk(key: Published) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": thumbprint(key.public),
        "x": base64.urlsafe_b64encode(key.public).decode().rstrip("="),
        "nbf": int(key.begun.timestamp()),
    }
    if key.retired is not None:
        # Rounded up, so that what was signed in its last second counts.
        found["exp"] = int(key.retired.timestamp()) + 1
    return {**found, "revoked": True} if key.withdrawn else found
