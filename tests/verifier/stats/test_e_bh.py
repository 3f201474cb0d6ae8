from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm

from tests.strategies import DETERMINISTIC
from verifier.stats.e_bh import e_bh, threshold

Nulls = Callable[[np.random.Generator, int], list[float]]
FDR = 0.05


def brute_force(values: list[float], fdr: float) -> set[int]:
    """The largest self-consistent set: all of its e-values are at least n / (fdr |set|)."""
    n = len(values)
    for size in range(n, 0, -1):
        for chosen in combinations(range(n), size):
            if all(values[i] >= n / (fdr * size) for i in chosen):
                return set(chosen)
    return set()


@DETERMINISTIC
@given(st.lists(st.floats(0, 300) | st.sampled_from([20.0, 40.0, 100.0]), max_size=7), st.floats(0.01, 0.5))
def test_it_is_the_largest_set_whose_members_all_reach_its_threshold(values: list[float], fdr: float) -> None:
    assert set(e_bh(values, fdr)) == brute_force(values, fdr)


@DETERMINISTIC
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30), st.sampled_from([0.05, 0.1, 0.3]))
def test_it_is_benjamini_and_hochberg_on_the_inverses(ps: list[float], fdr: float) -> None:
    """Second source: e-BH on 1/p is BH on p (as a rule; 1/p is no e-value)."""
    adjusted = false_discovery_control(ps, method="bh")
    if np.isclose(adjusted, fdr, rtol=1e-6).any():
        return
    assert set(e_bh([1 / p for p in ps], fdr)) == set(np.flatnonzero(adjusted <= fdr).tolist())


@DETERMINISTIC
@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=10), st.integers(0, 9), st.floats(1, 100))
def test_more_evidence_against_one_never_clears_another(
    values: list[float], index: int, factor: float
) -> None:
    raised = list(values)
    raised[index % len(values)] *= factor
    assert set(e_bh(values, FDR)) <= set(e_bh(raised, FDR))


def test_a_lone_flag_among_300_needs_6000() -> None:
    """METHOD.md section 3."""
    assert threshold(300, FDR) == pytest.approx(6000)
    assert threshold(300, FDR, 10) == pytest.approx(600)
    assert e_bh([1.0] * 299 + [5999.0], FDR) == ()
    assert e_bh([1.0] * 299 + [6001.0], FDR) == (299,)
    assert e_bh([601.0] * 10 + [1.0] * 290, FDR) == tuple(range(10))


def shared_shock(rng: np.random.Generator, n: int) -> list[float]:
    """All nulls move together: one normal behind every e-value exp(s z - s^2 / 2)."""
    return [float(np.exp(2 * rng.normal() - 2))] * n


def equicorrelated(rng: np.random.Generator, n: int) -> list[float]:
    z = 0.6 * rng.normal() + 0.8 * rng.normal(size=n)
    return [float(e) for e in np.exp(2 * z - 2)]


def one_at_a_time(rng: np.random.Generator, n: int) -> list[float]:
    """The adversary's: at most one null is large, and exactly as large and as often as it may be."""
    values = [0.0] * n
    if rng.random() < FDR:
        values[int(rng.integers(n))] = n / FDR
    return values


def just_enough(rng: np.random.Generator, n: int) -> list[float]:
    """A uniformly drawn number k of nulls have exactly what k rejections need, at mean 1."""
    k = int(rng.integers(1, n + 1))
    values = [0.0] * n
    if rng.random() < FDR:
        for index in rng.choice(n, k, replace=False):
            values[index] = n / (FDR * k)
    return values


@pytest.mark.parametrize("nulls", [shared_shock, equicorrelated, one_at_a_time, just_enough])
@pytest.mark.parametrize("true", [0, 5])
def test_the_false_discovery_rate_holds_under_dependence(nulls: Nulls, true: int) -> None:
    rng = np.random.default_rng(1)
    runs, shares = 3000, []
    for _ in range(runs):
        values = [*nulls(rng, 20), *np.exp(norm.rvs(8, 2, true, random_state=rng))]
        rejected = e_bh(values, FDR)
        shares.append(sum(i < 20 for i in rejected) / max(1, len(rejected)))
    assert np.mean(shares) <= FDR + 3 * math.sqrt(FDR * (1 - FDR) / runs)


def test_of_none_none_is_rejected() -> None:
    assert e_bh([], FDR) == ()
    assert e_bh([math.inf], FDR) == (0,)


@pytest.mark.parametrize("bad", [-1.0, math.nan])
def test_what_is_no_e_value_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        e_bh([1.0, bad], FDR)


@pytest.mark.parametrize(
    ("n", "fdr", "rejected"), [(3, 0.0, 1), (3, 1.0, 1), (3, math.nan, 1), (3, 0.1, 0), (3, 0.1, 4)]
)
def test_thresholds_that_make_no_sense_are_refused(n: int, fdr: float, rejected: int) -> None:
    with pytest.raises(ValueError, match=r"rejected|false discovery"):
        threshold(n, fdr, rejected)
    if not 0 < fdr < 1:
        with pytest.raises(ValueError, match="false discovery"):
            e_bh([1.0], fdr)
