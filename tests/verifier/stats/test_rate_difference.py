from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.stats.intervals import Interval, wilson
from verifier.stats.rate_difference import rate_difference


def of(successes: int, trials: int) -> Interval:
    found = wilson(successes, trials)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_values_that_newcombe_published(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, table II, method 10."""
    found = rate_difference(of(*one), of(*other))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_it_is_the_other_way_round_with_the_sign_changed(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    there, back = rate_difference(of(*one), of(*other)), rate_difference(of(*other), of(*one))
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.low <= there.value <= there.high


@pytest.mark.parametrize(("n", "m", "rate"), [(86, 86, 0.03), (86, 30, 0.1), (234, 200, 0.5)])
def test_equal_rates_seldom_look_apart(n: int, m: int, rate: float) -> None:
    rng = np.random.default_rng(7)
    drawn = zip(rng.binomial(n, rate, 10_000), rng.binomial(m, rate, 10_000), strict=True)
    larger = np.mean([rate_difference(of(int(a), n), of(int(b), m)).low > 0 for a, b in drawn])
    assert larger <= 0.025 + 3 * (0.025 * 0.975 / 10_000) ** 0.5 + 0.005
