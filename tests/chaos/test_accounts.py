"""A chaos that lost or doubled something would say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leaderboard.settings import RUN_CONCURRENCY
from tests.chaos.accounts import Account

FINE = Account("run-1", "complete", "faithful", deliveries=2, error="", kept=30, good=29, ours=1, asked=30)


def test_a_run_that_was_taken_up_again_is_fine() -> None:
    assert FINE.complaints() == []
    assert replace(FINE, asked=30 + RUN_CONCURRENCY).complaints() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"state": "failed", "verdict": "", "error": "Given up"}, "ended failed without a verdict: Given up"),
        ({"verdict": ""}, "without a verdict"),
        ({"kept": 31, "asked": 31}, "31 observations of 29 questions"),
        ({"asked": 31 + RUN_CONCURRENCY}, f"the model counts {31 + RUN_CONCURRENCY} requests"),
        ({"asked": 28}, "the model counts 28 requests"),
        ({"deliveries": 1, "asked": 31}, "the model counts 31 requests"),
    ],
)
def test_what_was_lost_or_done_twice_is_told(wrong: dict[str, Any], said: str) -> None:
    (told,) = replace(FINE, **wrong).complaints()
    assert said in told
