from __future__ import annotations

from decimal import Decimal

import pytest

from leaderboard.pages import grading, numbers
from tests.leaderboard import factories
from verifier.models import Endpoint

SPEED = {
    "first_token_ms": {"p50": 180.0, "p95": 420.0, "n": 120},
    "inter_token_ms": {"p50": 21.0, "p95": 30.0, "n": 8},
    "tokens_per_second": None,
    "by_prompt_length": [
        {"from": 0, "below": 100, "first_token_ms": {"p50": 150.0, "p95": 200.0, "n": 100}},
        {"from": 10000, "below": None, "first_token_ms": {"p50": 900.0, "p95": 990.0, "n": 20}},
    ],
    "success": {"value": 0.99, "low": 0.97, "high": 1.0, "n": 300},
}


def test_the_grade_says_what_caps_it_and_what_is_unknown() -> None:
    caps = [{"check": "tool_schema", "cap": "B", "why": "Tool arguments failed: at most B"}]
    found = factories.faithful(grade={"letter": "B", "caps": caps, "unknown": ["a_check"]})
    assert grading.grade(found) == ("B", "Tool arguments failed: at most B; not known: a_check")
    assert grading.grade(factories.faithful(grade={"letter": None, "caps": [], "unknown": []})) == ("", "")
    assert grading.grade(factories.faithful()) == ("", "")


def test_speeds_come_with_their_n() -> None:
    said = {name: (value, note) for name, value, note in grading.speeds(factories.faithful(speed=SPEED))}
    assert said["First token"][0].startswith("180")
    assert said["First token"][1] == "median of 120"
    assert "Speed" not in said
    assert {name for name in said if "prompt tokens" in name} == {
        "… up to 100 prompt tokens",
        f"… {numbers.whole(10_000)} or more prompt tokens",
    }
    assert said["Answered"][1].endswith("n 300")
    assert not list(grading.speeds(factories.faithful()))


@pytest.mark.parametrize(
    ("price_in", "price_out", "cost"),
    [("1", "2", "$0.0219"), ("100", "200", "$2.19"), (None, "2", ""), ("1", None, "")],
)
def test_a_run_costs_what_the_endpoint_takes(price_in: str | None, price_out: str | None, cost: str) -> None:
    prices = [None if price is None else Decimal(price) for price in (price_in, price_out)]
    endpoint = Endpoint(price_in=prices[0], price_out=prices[1])
    assert grading.cost(factories.result(), endpoint) == cost


def test_a_flag_says_how_far_and_of_how_many() -> None:
    row = {"flags": [{"kind": "cheap", "z": -4.12, "n": 7}]}
    assert grading.flags(row) == ("suspiciously cheap (z −4.1 among 7)",)
    assert grading.flags({}) == ()
