from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, rankdata

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.rank_test import randomised_rank, uniformity_p

scores = st.integers(-3, 3).map(float)


@DETERMINISTIC
@given(scores, st.lists(scores, max_size=10), st.integers(0, 2**32 - 1))
def test_it_lies_between_the_lowest_and_the_highest_of_its_ties(
    score: float, reference: list[float], seed: int
) -> None:
    """Second source: scipy's minimal and maximal rank of the sample among all m + 1."""
    rank = randomised_rank(score, reference, np.random.default_rng(seed))
    pooled = [score, *reference]
    u = np.random.default_rng(seed).random()
    low = rankdata(pooled, "min")[0] - 1
    high = rankdata(pooled, "max")[0]
    assert rank == pytest.approx((low + u * (high - low)) / len(pooled))
    assert 0 <= rank <= 1


@pytest.mark.parametrize("m", [0, 1, 3, 20])
@pytest.mark.parametrize("values", [1, 3, 10_000])
def test_it_is_uniform_under_the_null_whatever_the_ties(m: int, values: int) -> None:
    rng = np.random.default_rng(m + values)
    drawn = rng.integers(values, size=(4000, m + 1)).astype(float)
    ranks = [randomised_rank(float(row[0]), row[1:].tolist(), rng) for row in drawn]
    assert kstest(ranks, "uniform").pvalue > 0.001


def test_without_the_added_one_it_would_not_be() -> None:
    """Why the method's formula differs from the paper's estimate."""
    rng = np.random.default_rng(1)
    drawn = rng.random((4000, 4))
    paper = (drawn[:, 1:] < drawn[:, :1]).mean(axis=1)
    assert kstest(paper, "uniform").pvalue < 1e-6


def statistic(ranks: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Cramér-von Mises' statistic, from its definition."""
    n = len(ranks)
    grid = (2 * np.arange(1, n + 1) - 1) / (2 * n)
    return float(1 / (12 * n) + ((np.sort(ranks) - grid) ** 2).sum())


def test_the_p_value_is_that_of_a_simulation() -> None:
    rng = np.random.default_rng(2)
    nulls = np.array([statistic(row) for row in rng.random((4000, 30))])
    for power in (1.0, 1.2, 1.6):
        ranks = rng.random(30) ** power
        simulated = (nulls >= statistic(ranks)).mean()
        assert uniformity_p(ranks.tolist()) == pytest.approx(simulated, abs=0.03)


def test_the_test_keeps_its_level() -> None:
    rng = np.random.default_rng(3)
    ps = np.array([uniformity_p(row.tolist()) for row in rng.random((1000, 40))])
    for alpha in (0.01, 0.05, 0.2):
        assert (ps <= alpha).mean() <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 1000)


def test_answers_that_the_reference_finds_less_likely_are_found() -> None:
    """A quantized endpoint's samples score lower on average; 100 prompts, 20 reference samples each."""
    rng = np.random.default_rng(4)
    ranks = [randomised_rank(float(rng.normal(-0.6)), rng.normal(size=20).tolist(), rng) for _ in range(100)]
    assert uniformity_p(ranks) < 0.001


@DETERMINISTIC
@given(st.lists(unit, min_size=2, max_size=20))
def test_a_p_value_is_one(ranks: list[float]) -> None:
    assert 0 <= uniformity_p(ranks) <= 1


def test_what_is_no_score_or_rank_is_refused() -> None:
    rng = np.random.default_rng(5)
    for score, reference in ((math.nan, [0.0]), (0.0, [math.nan])):
        with pytest.raises(ValueError, match="a number"):
            randomised_rank(score, reference, rng)
    assert randomised_rank(-math.inf, [0.0, 1.0], rng) <= 1 / 3
    for ranks in ([], [0.5], [0.5, 1.1], [0.5, math.nan]):
        with pytest.raises(ValueError, match="two ranks"):
            uniformity_p(ranks)
