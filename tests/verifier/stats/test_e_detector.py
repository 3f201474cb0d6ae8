from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.e_detector import EDetector, threshold_for
from verifier.stats.e_process import BETS_ABOVE, EProcess

DELTA = 0.012
HOURLY = threshold_for(24)
Scores = NDArray[np.floating[Any]]


def honest(rng: np.random.Generator, size: int | tuple[int, int]) -> Scores:
    """99 % tiny with a mean of .005, 1 % up to .1."""
    return np.where(rng.random(size) < 0.01, rng.random(size) * 0.1, rng.beta(0.5, 99.5, size))


def first_alarms(xs: Scores, delta: float, threshold: float) -> NDArray[np.int64]:
    """For each path (row) the number of probes to its first alarm, 0 if it has none."""
    bets = np.minimum(BETS_ABOVE, 0.9 / delta)
    wealth = np.zeros((len(xs), len(bets)))
    first = np.zeros(len(xs), np.int64)
    for i in range(xs.shape[1]):
        wealth = np.minimum(np.maximum(wealth, 1) * (1 + bets * (xs[:, i, None] - delta)), 1e200)
        first[(first == 0) & (wealth.mean(axis=1) >= threshold)] = i + 1
    return first


@DETERMINISTIC
@given(xs=st.lists(unit, min_size=1, max_size=20), delta=st.floats(0.001, 0.9))
def test_the_statistic_is_the_mean_over_bets_of_the_best_start(xs: list[float], delta: float) -> None:
    """The definition: for each bet the largest of the e-processes that began at each probe."""
    detector = EDetector(delta, 100)
    for n, x in enumerate(xs, start=1):
        alarm = detector.update(x)
        best = [
            max(math.prod(1 + bet * (y - delta) for y in xs[start:n]) for start in range(n))
            for bet in np.minimum(BETS_ABOVE, 0.9 / delta)
        ]
        assert detector.statistic == pytest.approx(np.mean(best), rel=1e-9)
        assert alarm == detector.alarm == (detector.log_statistic >= math.log(100))
    assert detector.n == len(xs)


@DETERMINISTIC
@given(xs=st.lists(unit, max_size=20), delta=st.floats(0.001, 0.9))
def test_it_never_exceeds_the_shiryaev_roberts_sum_whose_mean_is_the_time(
    xs: list[float], delta: float
) -> None:
    """The step of the proof that the docstring leans on: CUSUM <= Shiryaev-Roberts."""
    detector, sums = EDetector(delta, 100), np.zeros(len(BETS_ABOVE))
    for x in xs:
        detector.update(x)
        sums = (1 + np.minimum(BETS_ABOVE, 0.9 / delta) * (x - delta)) * (sums + 1)
        assert detector.statistic <= sums.mean() * (1 + 1e-9)


@pytest.mark.parametrize("large", [1.0, 0.1, 0.02])
def test_the_mean_time_to_a_false_alarm_is_at_least_the_threshold(large: float) -> None:
    """At the edge of the null, two-point scores of mean exactly delta; a path without alarm counts as cut."""
    threshold = 100.0
    rng = np.random.default_rng(1)
    xs = (rng.random((1000, 3000)) < DELTA / large) * large
    first = first_alarms(xs, DELTA, threshold)
    assert (first > 0).mean() > 0.1
    times = np.where(first > 0, first, 3000)
    assert times.mean() - 3 * times.std() / math.sqrt(len(times)) >= threshold


def test_100_000_honest_probes_raise_no_alarm() -> None:
    detector = EDetector(DELTA, HOURLY)
    scores = honest(np.random.default_rng(2), 100_000)
    assert 0.005 < scores.mean() < 0.006
    assert not any(detector.update(x) for x in scores.tolist())
    assert detector.statistic < HOURLY / 100


def test_a_swap_after_100_honest_days_is_found_within_40_probes_and_a_plain_process_is_buried() -> None:
    rng = np.random.default_rng(3)
    xs = np.concatenate([honest(rng, (200, 2400)), rng.beta(1, 4, (200, 60))], axis=1)
    delays = first_alarms(xs, DELTA, HOURLY) - 2400
    assert delays.min() >= 1
    assert delays.max() <= 40
    assert np.median(delays) <= 10
    plain = EProcess.against_at_most(DELTA)
    for x in xs[0]:
        plain.update(float(x))
    assert not plain.rejects(1 / HOURLY)


def test_a_slight_swap_is_found_within_days() -> None:
    """To FP8 (mean tv about .045), at one probe per hour."""
    rng = np.random.default_rng(4)
    xs = np.concatenate([honest(rng, (200, 500)), rng.beta(1, 21, (200, 100))], axis=1)
    delays = first_alarms(xs, DELTA, HOURLY) - 500
    assert delays.min() >= 1
    assert np.quantile(delays, 0.9) <= 40


def test_the_class_and_the_simulation_are_the_same_detector() -> None:
    rng = np.random.default_rng(5)
    xs = np.concatenate([honest(rng, (5, 100)), rng.beta(1, 4, (5, 60))], axis=1)
    for row, first in zip(xs.tolist(), first_alarms(xs, DELTA, HOURLY), strict=True):
        detector = EDetector(DELTA, HOURLY)
        assert next(i for i, x in enumerate(row, start=1) if detector.update(x)) == first


@DETERMINISTIC
@given(before=st.lists(unit, max_size=10), after=st.lists(unit, max_size=10))
def test_a_detector_that_was_stored_between_probes_goes_on_as_if_it_was_not(
    before: list[float], after: list[float]
) -> None:
    whole, parts = EDetector(0.05, 50), EDetector(0.05, 50)
    for x in before:
        whole.update(x)
        parts.update(x)
    parts = EDetector.from_state(json.loads(json.dumps(parts.state())))
    for x in after:
        assert whole.update(x) == parts.update(x)
    assert whole.state() == parts.state()


@pytest.mark.parametrize(
    "change",
    [
        {"delta": 0.0}, {"delta": "x"}, {"delta": None}, {"threshold": 1.0},
        {"n": -1}, {"n": math.inf}, {"n": []},
        {"log_wealth": [0.0]}, {"log_wealth": None}, {"log_wealth": [math.nan] * 8},
        {"log_wealth": ["x"] * 8},
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        EDetector.from_state({**EDetector(0.05, 50).state(), **change})
    with pytest.raises(ValueError, match="not the state"):
        EDetector.from_state({})


def test_the_threshold_is_the_number_of_probes_in_ten_years() -> None:
    assert threshold_for(24) == 87_660
    assert threshold_for(1, years=1) == 366
    assert threshold_for(0.5, years=10) == 1827
    for rate in (0.0, -1.0, math.nan, math.inf, 1e-9):
        with pytest.raises(ValueError, match="more than one probe"):
            threshold_for(rate)


def test_a_statistic_stays_a_number_and_falls_again() -> None:
    detector = EDetector(0.01, 100)
    assert detector.statistic == 1.0
    assert not detector.alarm
    for _ in range(400):
        detector.update(1.0)
    assert math.isfinite(detector.statistic)
    assert detector.log_statistic > 690
    for _ in range(60_000):
        detector.update(0.0)
    assert not detector.alarm


@pytest.mark.parametrize("x", [-1e-9, 1.1, math.nan])
def test_what_is_no_score_is_refused_and_changes_nothing(x: float) -> None:
    detector = EDetector(0.05, 50)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        detector.update(x)
    assert detector.state() == EDetector(0.05, 50).state()


@pytest.mark.parametrize(
    ("delta", "threshold"),
    [(0.0, 50), (1.0, 50), (math.nan, 50), (0.1, 1.0), (0.1, math.inf), (0.1, math.nan)],
)
def test_settings_that_make_no_sense_are_refused(delta: float, threshold: float) -> None:
    with pytest.raises(ValueError, match=r"delta|threshold"):
        EDetector(delta, threshold)
