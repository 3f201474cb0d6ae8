"""How long, how much and how often: the bounds every exchange is held to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a client. Times are in seconds, sizes in bytes.

    One send ends within `deadline`, whatever the server does: name, connection, TLS, headers and body
    together. Sends and the waits between them end within `patience`.
    """

    deadline: float = 60.0
    patience: float = 180.0
    connect: float = 10.0
    """For resolving the name and for each of connecting and the TLS handshake."""
    first_token: float = 45.0
    """Streamed answers: from the send to the first event."""
    inter_token: float = 20.0
    """Streamed answers: from one event to the next."""
    max_bytes: int = 8 * 2**20
    """Of one response body, headers not counted."""
    max_event_bytes: int = 2**20
    """Of one line, and of one event, of a streamed answer."""
    concurrency: int = 4
    retries: int = 3
    """Further sends after the first, for 429, 5xx and connection errors only."""
    backoff: float = 0.5
    backoff_max: float = 8.0
    retry_after_max: float = 30.0
