"""Encryption of provider keys: Fernet with keys of their own, the first of which encrypts."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CredentialUnreadable(Exception):
    """A stored key can't be decrypted: its encryption key is no longer in CREDENTIAL_KEYS."""


def encrypt(secret: str) -> str:
    """`secret` as a Fernet token."""
    return _fernet().encrypt(secret.encode()).decode("ascii")


def decrypt(ciphertext: str) -> str:
    """The secret in a Fernet token made with any of CREDENTIAL_KEYS. Raises CredentialUnreadable."""
    try:
        return _fernet().decrypt(ciphertext.encode("ascii")).decode()
    except (InvalidToken, ValueError):
        raise CredentialUnreadable(
            "A stored API key can't be decrypted. Put the key it was encrypted with back into "
            "CREDENTIAL_KEYS (after the new one), or set the API key again."
        ) from None


def rotate(ciphertext: str) -> str:
    """The same secret, encrypted with the first key. Raises CredentialUnreadable."""
    return encrypt(decrypt(ciphertext))


def hint(secret: str) -> str:
    """The last four characters of a long key; nothing of a short one."""
    return f"…{secret[-4:]}" if len(secret) >= 20 else "…"


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
