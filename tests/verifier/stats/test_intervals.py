from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, bootstrap, ttest_1samp

from tests.strategies import DETERMINISTIC, FEW, unit
from verifier.stats.intervals import bca_mean, clopper_pearson, clustered_mean, wilson


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


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@DETERMINISTIC
@given(trials=st.integers(1, 500), share=unit)
def test_clopper_pearson_is_scipys(trials: int, share: float, level: float) -> None:
    successes = round(share * trials)
    interval = clopper_pearson(successes, trials, level=level)
    truth = binomtest(successes, trials).proportion_ci(level, method="exact")
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((truth.low, truth.high), abs=1e-9)
    assert interval.low <= interval.value <= interval.high
    assert interval.n == trials


@DETERMINISTIC
@given(trials=st.integers(1, 60), rate=st.floats(1e-9, 1))
def test_clopper_pearson_covers_at_least_its_level_at_every_rate(trials: int, rate: float) -> None:
    """Exactly, summed over the binomial distribution."""
    covered = 0.0
    for successes in range(trials + 1):
        interval = clopper_pearson(successes, trials)
        assert interval is not None
        if interval.low - 1e-9 <= rate <= interval.high + 1e-9:
            covered += float(binom.pmf(successes, trials, rate))
    assert covered >= 0.95 - 1e-9


def test_clopper_pearson_at_the_numbers_that_are_published() -> None:
    """METHOD.md section 6: 0 of 1,000 runs, 0 of 9 stacks; one-sided 95 % is two-sided 90 %."""
    runs, stacks = clopper_pearson(0, 1000, level=0.9), clopper_pearson(0, 9, level=0.9)
    assert runs is not None
    assert stacks is not None
    assert runs.low == stacks.low == 0.0
    assert runs.high == pytest.approx(0.003, abs=5e-5)
    assert stacks.high == pytest.approx(0.28, abs=0.005)
    assert stacks.high == pytest.approx(1 - 0.05 ** (1 / 9))
    whole = clopper_pearson(9, 9, level=0.9)
    assert whole is not None
    assert whole.low == pytest.approx(0.05 ** (1 / 9))
    assert whole.high == 1.0


def test_without_trials_there_is_no_rate() -> None:
    assert wilson(0, 0) is None
    assert clopper_pearson(0, 0) is None


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


def test_the_bootstrap_interval_of_single_contexts_is_scipys() -> None:
    values = np.random.default_rng(5).beta(0.3, 5, 50)
    interval = bca_mean([[x] for x in values.tolist()], np.random.default_rng(6), resamples=4000)
    truth = bootstrap((values,), np.mean, n_resamples=4000, rng=np.random.default_rng(7)).confidence_interval
    assert interval is not None
    width = truth.high - truth.low
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(truth.low, abs=0.06 * width)
    assert interval.high == pytest.approx(truth.high, abs=0.06 * width)


@FEW
@given(clusters)
def test_the_bootstrap_interval_lies_around_the_mean_of_all(values: list[list[float]]) -> None:
    interval = bca_mean(values, np.random.default_rng(8), resamples=200)
    plain = clustered_mean(values)
    if plain is None:
        assert interval is None
        return
    assert interval is not None
    assert (interval.value, interval.n) == (plain.value, plain.n)
    assert interval.low <= interval.value <= interval.high
    assert math.isfinite(interval.low)
    assert math.isfinite(interval.high)


def test_clusters_that_are_all_alike_leave_no_doubt_and_the_same_seed_gives_the_same_interval() -> None:
    alike = bca_mean([[0.25], [0.25, 0.25], [0.25]], np.random.default_rng(9))
    assert alike is not None
    assert (alike.low, alike.high) == pytest.approx((0.25, 0.25))
    values = draw(np.random.default_rng(10), 20)
    assert bca_mean(values, np.random.default_rng(1)) == bca_mean(values, np.random.default_rng(1))


def test_bootstrap_intervals_of_skewed_scores_are_less_optimistic_than_students() -> None:
    """Scores as honest deployments give them: mostly tiny, at times large. 95 % intervals cover a little less
    than that; what matters is that they lie below the truth less often than the t interval.
    """
    rng = np.random.default_rng(11)
    covered = below = students_below = 0
    runs = 400
    for _ in range(runs):
        levels = rng.beta(0.3, 29.7, 60)
        values = [list(rng.random(int(rng.integers(1, 6))) * 2 * level) for level in levels]
        interval, student = bca_mean(values, rng, resamples=600), clustered_mean(values)
        assert interval is not None
        assert student is not None
        covered += interval.low <= 0.01 <= interval.high
        below += interval.high < 0.01
        students_below += student.high < 0.01
    assert covered / runs >= 0.89
    assert below / runs <= 0.08
    assert below < students_below
