from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.e_values import LARGEST, average, clip, from_p

e_lists = st.lists(st.floats(0, 1e6), min_size=1, max_size=8)


def test_the_calibrators_expectation_is_1_for_a_uniform_p() -> None:
    """Second source: numerical integration over the null's uniform p."""
    value, error = quad(from_p, 0, 1)
    assert value == pytest.approx(1.0, abs=max(1e-6, 10 * error))


def test_it_is_at_most_1_for_p_values_that_only_ever_err_upwards() -> None:
    """A discrete p-value on the grid i/m is stochastically larger than uniform: permutation tests."""
    for m in (2, 10, 1000):
        assert np.mean([from_p(i / m) for i in range(1, m + 1)]) <= 1.0


@DETERMINISTIC
@given(unit, unit)
def test_smaller_p_never_gives_less_evidence(first: float, second: float) -> None:
    small, large = sorted((first, second))
    assert from_p(small) >= from_p(large) >= 0.5
    assert math.isfinite(from_p(small))


def test_published_values_of_the_calibrator() -> None:
    assert from_p(1.0) == 0.5
    assert from_p(0.01) == pytest.approx(5.0)
    assert from_p(1e-4) == pytest.approx(50.0)
    assert from_p(0.0) == LARGEST


@DETERMINISTIC
@given(e_lists)
def test_equal_weights_are_the_mean(values: list[float]) -> None:
    assert average(values) == pytest.approx(np.mean(values))
    assert min(values) <= average(values) * (1 + 1e-12) + 1e-300
    assert average(values) <= max(values) * (1 + 1e-12)


@DETERMINISTIC
@given(e_lists, st.data())
def test_weights_are_numpys(values: list[float], data: st.DataObject) -> None:
    size = len(values)
    raw = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=size, max_size=size)))
    weights = raw / raw.sum()
    assert average(values, list(weights)) == pytest.approx(np.average(values, weights=raw))


def test_under_any_dependence_the_average_crosses_at_most_alpha() -> None:
    """The worst case: all say the same, or exclude one another."""
    rng = np.random.default_rng(1)
    u = rng.random(100_000)
    for alpha in (0.01, 0.05):
        same = [1 / alpha * (u < alpha)] * 3
        apart = [3 / alpha * ((u >= i * alpha / 3) & (u < (i + 1) * alpha / 3)) for i in range(3)]
        for columns in (same, apart):
            combined = np.array([average(row) for row in np.column_stack(columns)[:20_000]])
            slack = 3 * math.sqrt(alpha * (1 - alpha) / len(combined))
            assert (combined >= 1 / alpha * (1 - 1e-12)).mean() <= alpha + slack


def test_nothing_says_nothing() -> None:
    assert average([]) == 1.0


def test_evidence_beyond_floating_point_stays_a_number() -> None:
    assert clip(math.inf) == LARGEST
    assert average([math.inf, math.inf, 0.0]) == pytest.approx(2 / 3 * LARGEST)
    assert clip(0.0) == 0.0
    assert clip(7.0) == 7.0


@pytest.mark.parametrize("e", [-1e-9, -math.inf, math.nan])
def test_what_is_no_e_value_is_refused(e: float) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        clip(e)
    with pytest.raises(ValueError, match="at least 0"):
        average([1.0, e])


@pytest.mark.parametrize("p", [-1e-9, 1.0001, math.nan])
def test_what_is_no_p_value_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="p-value"):
        from_p(p)


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.6], [1.5, -0.5], [math.nan, 1.0], [0.2, 0.3, 0.5], []])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        average([1.0, 2.0], weights)
