"""How secrets of our own making are kept: as a hash, so that nobody who reads the database has them."""

from __future__ import annotations

import hashlib


def secret_digest(secret: str) -> str:
    """sha256, in hex. Of 256 random bits: there is nothing to guess, so nothing slow is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
