"""Signed webhooks as https://www.standardwebhooks.com has them. Pure.

The receiver computes HMAC-SHA256 over `id.timestamp.body` with the secret that it was shown once, and refuses
timestamps that are old: nobody can send, change or repeat a message for us. The id stays the same when a
message is sent again, so that a receiver takes each once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta

PREFIX = "whsec_"
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""From each failed attempt to the next; after the last of them a delivery is given up."""
GONE = 410
"""The status by which a receiver says that it wants no more."""


def new_secret() -> str:
    """A signing secret of 32 bytes, as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC. Raises ValueError for what is no secret."""
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """All headers of a message."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Assay-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when it is to be given up."""
    return RETRIES[attempts - 1] if attempts <= len(RETRIES) else None
