from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.client.limits import Limits
from verifier.client.retry import retry_after, wait_seconds

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("", None), ("soon", None), ("7", 7), (" 7 ", 7), ("1.5", 1.5), ("-5", 0), ("0", 0),
     ("1e9", None),
     ("nan", None), ("inf", None), (format_datetime(NOW + timedelta(seconds=90)), 90),
     (format_datetime(NOW - timedelta(days=9)), 0), ("Mon, 99 Nov 2026 00:00:00 GMT", None)],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_any_header_is_a_wait_or_none(value: str) -> None:
    found = retry_after(value, NOW)

    assert found is None or found >= 0


@given(st.integers(0, 50), st.none() | st.floats(0, 1e12), st.integers())
def test_waits_are_clamped(retry: int, asked: float | None, seed: int) -> None:
    limits = Limits()
    wait = wait_seconds(retry, asked, limits, Random(seed))

    assert min(asked or 0, limits.retry_after_max) <= wait <= limits.retry_after_max + limits.backoff_max


def test_the_backoff_doubles_and_is_fully_jittered() -> None:
    limits = Limits(backoff=0.5, backoff_max=4)
    highest = [
        max(wait_seconds(retry, None, limits, Random(seed)) for seed in range(300)) for retry in range(6)
    ]
    lowest = [
        min(wait_seconds(retry, None, limits, Random(seed)) for seed in range(300)) for retry in range(6)
    ]

    assert highest == pytest.approx([0.5, 1, 2, 4, 4, 4], rel=0.05)
    assert max(lowest) < 0.1
