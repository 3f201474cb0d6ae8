from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from tests.strategies import DETERMINISTIC
from verifier.stats.error_correlation import error_correlation


def sides(seed: int, prompts: int, shared: float) -> list[tuple[list[float], list[float]]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(prompts):
        common, ours, theirs = rng.normal(size=(3, int(rng.integers(1, 9))))
        found.append(
            (
                list(shared * common + (1 - shared) * ours),
                list(shared * common + (1 - shared) * theirs),
            )
        )
    return found


@DETERMINISTIC
@given(st.integers(0, 10_000), st.integers(3, 30), st.floats(0, 1))
def test_it_is_pearsons_r_over_all_pairs(seed: int, prompts: int, shared: float) -> None:
    drawn = sides(seed, prompts, shared)
    found = error_correlation(drawn, np.random.default_rng(0), resamples=50)
    assert found is not None
    x, y = (np.concatenate([pair[side] for pair in drawn]) for side in (0, 1))
    assert found.r == pytest.approx(pearsonr(x, y)[0], abs=1e-6)
    assert -1 <= found.low <= found.r <= 1
    assert found.n == len(x)


def test_independent_errors_are_told_from_shared_ones() -> None:
    apart = error_correlation(sides(1, 60, 0.0), np.random.default_rng(0))
    together = error_correlation(sides(1, 60, 0.7), np.random.default_rng(0))
    assert apart is not None
    assert together is not None
    assert abs(apart.r) < 0.25
    assert together.low > 0.7


def test_the_bound_covers() -> None:
    """The lower bound lies above the true correlation in about 2.5 % of the draws."""
    true = 0.5**2 / (0.5**2 + 0.5**2)
    missed = 0
    for seed in range(300):
        found = error_correlation(sides(seed, 50, 0.5), np.random.default_rng(seed), resamples=200)
        assert found is not None
        missed += found.low > true
    assert missed <= 0.07 * 300


@pytest.mark.parametrize(
    "prompts", [[], [([0.1], [0.2])], [([], []), ([1.0], [1.0])], [([1.0], [0.5]), ([1.0], [0.7])]]
)
def test_too_little_to_correlate_is_none(prompts: list[tuple[list[float], list[float]]]) -> None:
    assert error_correlation(prompts, np.random.default_rng(0)) is None


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="two equal rows"):
        error_correlation([([1.0], [1.0, 2.0]), ([1.0], [1.0])], np.random.default_rng(0))
