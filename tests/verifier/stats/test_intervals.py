from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.intervals import clustered_mean, wilson


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@DETERMINISTIC
@given(trials=st.integers(1, 500), share=unit)
def test_wilson_is_scipys(trials: int, share: float, level: float) -> None:
    successes = round(share * trials)
    interval = wilson(successes, trials, level=level)
    truth = binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((truth.low, truth.high), abs=1e-12)
    assert interval.low <= interval.value <= interval.high
    assert interval.n == trials


def test_without_trials_there_is_no_rate() -> None:
    assert wilson(0, 0) is None


clusters = st.lists(st.lists(unit, max_size=4), max_size=12)


@DETERMINISTIC
@given(clusters)
def test_the_clustered_mean_is_the_mean_of_all_with_its_interval_around_it(values: list[list[float]]) -> None:
    interval = clustered_mean(values)
    kept = [cluster for cluster in values if cluster]
    if len(kept) < 2:
        assert interval is None
        return
    assert interval is not None
    flat = [x for cluster in kept for x in cluster]
    assert interval.value == pytest.approx(np.mean(flat))
    assert interval.low <= interval.value <= interval.high
    assert interval.n == len(kept)


@DETERMINISTIC
@given(st.lists(unit, min_size=2, max_size=20))
def test_clusters_of_one_give_students_interval(values: list[float]) -> None:
    interval = clustered_mean([[x] for x in values])
    assert interval is not None
    if np.std(values) < 1e-9:
        assert interval.high - interval.low == pytest.approx(0, abs=1e-6)
        return
    truth = ttest_1samp(values, 0).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((truth.low, truth.high), abs=1e-9)


def draw(rng: np.random.Generator, clusters: int) -> list[list[float]]:
    """Clusters of one to five contexts that share their prompt's difficulty."""
    levels = rng.beta(1, 4, clusters)
    return [
        list(np.clip(level + rng.normal(0, 0.05, size=int(rng.integers(1, 6))), 0, 1)) for level in levels
    ]


def test_the_interval_is_that_of_a_bootstrap_over_prompts() -> None:
    """Second source: resample whole clusters."""
    rng = np.random.default_rng(1)
    values = draw(rng, 120)
    interval = clustered_mean(values)
    assert interval is not None
    sums = np.array([math.fsum(cluster) for cluster in values])
    sizes = np.array([len(cluster) for cluster in values])
    picked = rng.integers(0, len(values), (4000, len(values)))
    means = sums[picked].sum(axis=1) / sizes[picked].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    width = interval.high - interval.low
    assert interval.low == pytest.approx(low, abs=0.08 * width)
    assert interval.high == pytest.approx(high, abs=0.08 * width)


def test_contexts_of_one_prompt_are_not_counted_as_independent() -> None:
    rng = np.random.default_rng(2)
    levels = rng.random(30)
    repeated = clustered_mean([[float(x)] * 20 for x in levels])
    once = clustered_mean([[float(x)] for x in levels])
    assert repeated is not None
    assert once is not None
    assert repeated.high - repeated.low == pytest.approx(once.high - once.low)


def test_95_percent_intervals_cover_the_mean_95_times_in_100() -> None:
    rng = np.random.default_rng(3)
    runs = 500
    # The ratio estimator aims at the mean per context; sizes are independent of levels here.
    truth = np.mean([x for cluster in draw(np.random.default_rng(4), 30_000) for x in cluster])
    inside = []
    for _ in range(runs):
        interval = clustered_mean(draw(rng, 40))
        assert interval is not None
        inside.append(interval.low <= truth <= interval.high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.03)
