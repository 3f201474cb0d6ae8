"""How long to wait before trying again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from verifier.client.limits import Limits

_SECONDS = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for (a number or an HTTP date, RFC 9110 section 10.2.3), or None.

    Never negative; may be absurdly long.
    """
    if value is None:
        return None
    value = value.strip()[:64]
    if _SECONDS.fullmatch(value):
        return max(0.0, float(value))
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def wait_seconds(retry: int, asked: float | None, limits: Limits, random: Random) -> float:
    """Exponential backoff with full jitter, on top of what the server asked for, both clamped.

    `retry` is 0 for the first. Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter".
    """
    ceiling = min(limits.backoff_max, limits.backoff * 2**retry)
    jitter = random.uniform(0, ceiling)
    return min(asked or 0.0, limits.retry_after_max) + jitter
