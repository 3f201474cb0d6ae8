"""Every promised error rate, simulated: e-processes under the nulls that are worst for them, and intervals.

Each null is played 10,000 times by the most impatient reader, who looks after every observation and stops at
the first crossing. The simulations hold all paths in one array; that they are the classes' own processes is
tested first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from verifier.stats.e_process import BET_FRACTIONS_BELOW, BETS_ABOVE, EProcess
from verifier.stats.e_values import average, from_p
from verifier.stats.intervals import clopper_pearson, clustered_mean, wilson
from verifier.stats.likelihood import LikelihoodProcess, robust_factors

Matrix = NDArray[np.floating[Any]]
PATHS = 10_000
LENGTH = 150
ALPHAS = (0.01, 0.05)


def bets_of(mean: float, *, above: bool) -> Matrix:
    if above:
        return np.minimum(BETS_ABOVE, 0.9 / mean)
    return -np.array(BET_FRACTIONS_BELOW) / (1.0 - mean)


def crossed_at_most_alpha(log_peaks: Matrix) -> None:
    for alpha in ALPHAS:
        slack = 3 * math.sqrt(alpha * (1 - alpha) / len(log_peaks))
        assert (log_peaks >= -math.log(alpha)).mean() <= alpha + slack


class Paths:
    """The mixture over bets on the mean of many streams at once."""

    def __init__(self, mean: float, *, above: bool, paths: int = PATHS) -> None:
        self._bets = bets_of(mean, above=above)
        self._mean = mean
        self.wealth = np.ones((paths, len(self._bets)))

    def update(self, x: Matrix) -> Matrix:
        """Take in one observation of each stream; the e-values."""
        self.wealth *= 1 + self._bets * (x[:, None] - self._mean)
        values: Matrix = self.wealth.mean(axis=1)
        return values


@pytest.mark.parametrize("above", [True, False])
def test_the_simulated_bets_are_the_class(above: bool) -> None:
    xs = np.random.default_rng(1).beta(0.2, 2, (4, 40))
    paths = Paths(0.05, above=above, paths=4)
    classes = [EProcess.against_at_most(0.05) if above else EProcess.against_at_least(0.05) for _ in range(4)]
    for i in range(40):
        expected = [process.update(float(x)) for process, x in zip(classes, xs[:, i], strict=True)]
        assert paths.update(xs[:, i]).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("mean", [0.002, 0.012, 0.05, 0.25, 0.5, 0.95])
@pytest.mark.parametrize("span", [0.05, 0.5, 1.0])
def test_the_betting_process_on_two_points(mean: float, above: bool, span: float) -> None:
    """The two-point distributions of mean exactly `mean`, from close together to 0 and 1: for a given spread
    they move the wealth most, so that they are the worst. The null of "at most" is hurt by high upper points,
    that of "at least" by low lower points.
    """
    rng = np.random.default_rng(round(1000 * mean) + above + round(10 * span))
    low, high = mean * (1 - span), mean + (1 - mean) * span
    chance = (mean - low) / (high - low)
    process, log_peaks = Paths(mean, above=above), np.zeros(PATHS)
    for _ in range(LENGTH):
        values = process.update(np.where(rng.random(PATHS) < chance, high, low))
        log_peaks = np.maximum(log_peaks, np.log(values))
    crossed_at_most_alpha(log_peaks)


@pytest.mark.parametrize("above", [True, False])
def test_the_betting_process_against_an_adversary(above: bool) -> None:
    """Who sees all that has been seen, and plays calm when ahead and boldly when behind, at the same mean."""
    mean, rng = 0.05, np.random.default_rng(3)
    process, log_peaks = Paths(mean, above=above), np.zeros(PATHS)
    values: Matrix = np.ones(PATHS)
    for _ in range(LENGTH):
        span = np.where(values >= 5, 0.1, 1.0)
        low, high = mean * (1 - span), mean + (1 - mean) * span
        chance = (mean - low) / (high - low)
        values = process.update(np.where(rng.random(PATHS) < chance, high, low))
        log_peaks = np.maximum(log_peaks, np.log(values))
    crossed_at_most_alpha(log_peaks)


def test_the_simulated_likelihoods_are_the_class() -> None:
    rng = np.random.default_rng(4)
    process, wealth = LikelihoodProcess(["a", "b"]), np.ones(2)
    for _ in range(30):
        p, a, b = rng.dirichlet(np.ones(5), 3)
        outcome = int(rng.integers(5))
        factors = np.array([robust_factors(p, q, 0.02)[outcome] for q in (a, b)])
        wealth *= factors
        assert process.update(factors.tolist()) == pytest.approx(wealth.mean())


def furthest(p: Matrix, gains: Matrix, eps: float) -> Matrix:
    """The distribution within total variation `eps` of `p` with the largest mean of `gains`."""
    moved, order, left = p.copy(), np.argsort(gains), eps
    for index in order:
        taken = min(left, moved[index])
        moved[index] -= taken
        left -= taken
        moved[order[-1]] += taken
    return moved


@pytest.mark.parametrize("eps", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("concentration", [0.2, 2.0])
def test_the_likelihood_process_at_the_edge_of_its_tolerance(eps: float, concentration: float) -> None:
    """Every token comes from the distribution that, within eps of the stated one, pays best: to the
    alternative that is the richest on each path.
    """
    rng = np.random.default_rng(5)
    alternatives = 3
    wealth, log_peaks = np.ones((PATHS, alternatives)), np.zeros(PATHS)
    for _ in range(LENGTH):
        p = rng.dirichlet(np.full(8, concentration))
        # Near alternatives and far ones: degradations, and another model.
        others = [(1 - w) * p + w * rng.dirichlet(np.full(8, concentration)) for w in (0.1, 0.5, 1.0)]
        factors = np.array([robust_factors(p, q, eps) for q in others])
        cumulated = np.cumsum([furthest(p, row, eps) for row in factors], axis=1)
        richest = wealth.argmax(axis=1)
        outcomes = (rng.random(PATHS)[:, None] > cumulated[richest]).sum(axis=1).clip(max=7)
        wealth *= factors[:, outcomes].T
        log_peaks = np.maximum(log_peaks, np.log(wealth.mean(axis=1)))
    crossed_at_most_alpha(log_peaks)


def test_the_average_of_processes_that_see_the_same_stream() -> None:
    """What one run combines: bets on several properties of each answer, all at the edge of their nulls and
    moved by one draw; current values are averaged, the reader stops when he likes.
    """
    rng = np.random.default_rng(6)
    processes = [Paths(0.05, above=True), Paths(0.2, above=True), Paths(0.5, above=False)]
    log_peaks = np.zeros(PATHS)
    for _ in range(LENGTH):
        u = rng.random(PATHS)
        seen = ((u < 0.05) * 1.0, 0.4 * (u < 0.5), 1 - u)
        values = sum(process.update(x) for process, x in zip(processes, seen, strict=True))
        log_peaks = np.maximum(log_peaks, np.log(values / len(processes)))
    crossed_at_most_alpha(log_peaks)


def test_the_average_with_a_calibrated_p_value() -> None:
    """An e-process stopped at its best moment so far is no e-value; its value at the planned end is."""
    rng = np.random.default_rng(7)
    process = Paths(0.05, above=True)
    total = np.zeros(PATHS)
    for _ in range(LENGTH):
        x = (rng.random(PATHS) < 0.05).astype(float)
        total += x
        values = process.update(x)
    # The exact p-value of the very same observations: fully dependent.
    ps = binom.sf(total - 1, LENGTH, 0.05)
    combined = np.array([average([e, from_p(min(1.0, p))]) for e, p in zip(values, ps, strict=True)])
    crossed_at_most_alpha(np.log(combined))
    assert combined.mean() <= 1 + 4 * combined.std() / math.sqrt(PATHS)


@pytest.mark.parametrize("trials", [9, 60, 300])
def test_intervals_of_a_rate_cover_it(trials: int) -> None:
    """Exactly, summed over the binomial distribution: Clopper-Pearson at every rate, Wilson on average."""
    rates = np.linspace(0.005, 0.995, 199)
    ends = [(wilson(s, trials), clopper_pearson(s, trials)) for s in range(trials + 1)]
    weights = binom.pmf(np.arange(trials + 1)[:, None], trials, rates)
    coverage = []
    for which in (0, 1):
        lows = np.array([pair[which].low for pair in ends if pair[which] is not None])  # type: ignore[union-attr]
        highs = np.array([pair[which].high for pair in ends if pair[which] is not None])  # type: ignore[union-attr]
        inside = (lows[:, None] <= rates + 1e-12) & (rates - 1e-12 <= highs[:, None])
        coverage.append((weights * inside).sum(axis=0))
    assert coverage[1].min() >= 0.95 - 1e-9
    assert coverage[0].mean() == pytest.approx(0.95, abs=0.015)
    assert coverage[0].min() >= 0.82


def test_intervals_of_a_clustered_mean_cover_it() -> None:
    """200 prompts of one to five contexts. The linearised variance is a little small, the more so the fewer
    prompts there are (94 % at 60); the bootstrap's coverage is in test_intervals.py.
    """
    rng = np.random.default_rng(8)
    covered, runs = 0, 1000
    for _ in range(runs):
        levels = rng.beta(2, 8, 200)
        clusters = [list(level * 2 * rng.random(int(rng.integers(1, 6)))) for level in levels]
        interval = clustered_mean(clusters)
        assert interval is not None
        covered += interval.low <= 0.2 <= interval.high
    assert covered / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
