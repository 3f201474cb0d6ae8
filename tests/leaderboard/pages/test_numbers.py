from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages import numbers


def plain(text: str) -> str:
    return text.replace(numbers.THIN, " ")


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (97.2134, 96.74, 97.63, "97.21"),
        (78.3, 76.2, 80.3, "78.3"),
        (11.2, 2.0, 29.0, "11"),
        (99.95, 99.95, 99.95, "99.95"),
        (99.9999, 99.9991, 100.0, "100.00"),
        (99.5, None, None, "99.5"),
    ],
)
def test_two_significant_digits_of_uncertainty(
    value: float, low: float | None, high: float | None, shown: str
) -> None:
    assert numbers.estimate(value, low, high) == shown


def test_an_interval_is_as_precise_as_its_value() -> None:
    assert numbers.interval(76.2, 80.33) == "76.2–80.3"
    assert numbers.interval(None, 3) == ""


@given(st.floats(-1e9, 1e9))
def test_no_number_has_a_hyphen_or_a_negative_zero(value: float) -> None:
    shown = numbers.fixed(value, 2)
    assert "-" not in shown
    assert shown != numbers.MINUS + "0.00"


def test_real_minus_and_thin_spaces() -> None:
    assert numbers.fixed(-0.25, 2) == "−0.25"
    assert plain(numbers.whole(1234567)) == "1 234 567"
    assert plain(numbers.percent(0.934, 1)) == "93.4 %"
    assert plain(numbers.quantity(38.4, "ms")) == "38 ms"


def test_nothing_is_a_dash() -> None:
    assert numbers.fixed(None) == numbers.percent(None) == numbers.quantity(None, "ms") == "–"
    assert numbers.seconds(None) == numbers.evidence(None) == numbers.probability(None) == "–"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0382, "38 ms"),
        (1.238, "1.24 s"),
        (59.2, "59.2 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7260, "2 h 1 min"),
    ],
)
def test_durations(value: float, shown: str) -> None:
    assert plain(numbers.seconds(value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0001, "< 0.001"), (0.23, "0.23"), (812.3, "810"), (48211.0, "4.8 × 10⁴"), (1e120, "1.0 × 10¹²⁰")],
)
def test_e_values(value: float, shown: str) -> None:
    assert plain(numbers.evidence(value)) == shown


def test_probabilities() -> None:
    assert numbers.probability(0.62) == "0.620"
    assert numbers.probability(0) == "0.000"
    assert plain(numbers.probability(1e-6)) == "< 0.001"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "just now"), (59, "just now"), (60, "1 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")],
)
def test_ages(seconds: int, shown: str) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert plain(numbers.ago(now - timedelta(seconds=seconds), now)) == shown


def test_differences_have_a_sign_and_numbers_no_more_digits_than_they_need() -> None:
    assert [numbers.signed(value) for value in (13, -2, 0)] == ["+13", f"{numbers.MINUS}2", "0"]
    assert [numbers.significant(value) for value in (20.0, 0.1567, 15.67, 1234.5, 0.0)] == [
        "20",
        "0.157",
        "15.7",
        f"1{numbers.THIN}234",
        "0",
    ]
