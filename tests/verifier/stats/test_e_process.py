from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.e_process import BET_FRACTIONS_BELOW, BETS_ABOVE, EProcess

Draw = Callable[[np.random.Generator], NDArray[np.float64]]
PATHS, LENGTH, MEAN = 2000, 300, 0.01


def bets_of(mean: float, *, above: bool) -> list[float]:
    """The admissible bets, written down again from METHOD.md section 3."""
    if above:
        return [min(bet, 0.9 / mean) for bet in BETS_ABOVE]
    return [-fraction / (1 - mean) for fraction in BET_FRACTIONS_BELOW]


def e_values(paths: NDArray[np.float64], mean: float, *, above: bool) -> NDArray[np.float64]:
    """The e-value after every observation of every path (rows)."""
    wealth = np.zeros(paths.shape)
    bets = bets_of(mean, above=above)
    for bet in bets:
        wealth += np.exp(np.minimum(700, np.cumsum(np.log1p(bet * (paths - mean)), axis=1))) / len(bets)
    return wealth


def process(mean: float, *, above: bool) -> EProcess:
    return EProcess.against_at_most(mean) if above else EProcess.against_at_least(mean)


@pytest.mark.parametrize("above", [True, False])
@DETERMINISTIC
@given(xs=st.lists(unit, min_size=1, max_size=30), mean=st.floats(0.001, 0.999))
def test_the_value_is_the_mean_of_the_bets_products(xs: list[float], mean: float, above: bool) -> None:
    evidence = process(mean, above=above)
    values = [evidence.update(x) for x in xs]
    bets = bets_of(mean, above=above)
    for n, value in enumerate(values, start=1):
        products = [math.prod(1 + bet * (x - mean) for x in xs[:n]) for bet in bets]
        assert value == pytest.approx(sum(products) / len(bets), rel=1e-9)
    assert evidence.value == values[-1]
    assert evidence.peak == max([1.0, *values])
    assert evidence.n == len(xs)


@pytest.mark.parametrize("above", [True, False])
@DETERMINISTIC
@given(mean=st.floats(1e-4, 0.9999))
def test_no_bet_can_lose_everything(mean: float, above: bool) -> None:
    """Every factor stays positive at both ends, so that no observation ends the game."""
    for bet in bets_of(mean, above=above):
        assert 1 + bet * (0 - mean) > 0
        assert 1 + bet * (1 - mean) > 0
    evidence = process(mean, above=above)
    for x in (0.0, 1.0) * 20:
        assert evidence.update(x) > 0


def constant(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.full((PATHS, LENGTH), MEAN)


def rare_ones(rng: np.random.Generator) -> NDArray[np.float64]:
    return (rng.random((PATHS, LENGTH)) < MEAN).astype(float)


def skewed(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.beta(0.1, 0.1 * (1 - MEAN) / MEAN, (PATHS, LENGTH))


def adaptive(rng: np.random.Generator) -> NDArray[np.float64]:
    """An adversary who, given the past, chooses how far to jump, with the same mean each time."""
    xs = np.zeros((PATHS, LENGTH))
    for i in range(LENGTH):
        size = np.where(xs[:, :i].sum(axis=1) > MEAN * i, 1.0, 0.05)
        xs[:, i] = np.where(rng.random(PATHS) < MEAN / size, size, 0.0)
    return xs


def pool_without_replacement(rng: np.random.Generator) -> NDArray[np.float64]:
    """What a run does: a finite suite with this very mean, asked in random order to its end."""
    pool = rng.beta(0.1, 5, LENGTH)
    pool *= MEAN / pool.mean()
    return rng.permuted(np.tile(pool, (PATHS, 1)), axis=1)


NULLS: Sequence[Draw] = (constant, rare_ones, skewed, adaptive, pool_without_replacement)


@pytest.mark.parametrize("alpha", [0.01, 0.05])
@pytest.mark.parametrize("draw", NULLS, ids=lambda draw: draw.__name__)
def test_under_the_null_looking_after_every_observation_crosses_at_most_alpha(
    draw: Draw, alpha: float
) -> None:
    """Ville's inequality, at the edge of the null, with the most impatient of readers."""
    xs = draw(np.random.default_rng(11))
    slack = 3 * math.sqrt(alpha * (1 - alpha) / PATHS)
    for above, paths, mean in ((True, xs, MEAN), (False, 1 - xs, 1 - MEAN)):
        crossed = (e_values(paths, mean, above=above).max(axis=1) >= 1 / alpha).mean()
        assert crossed <= alpha + slack


@pytest.mark.parametrize("above", [True, False])
def test_under_the_null_the_expected_value_is_at_most_1(above: bool) -> None:
    xs = skewed(np.random.default_rng(12))
    paths, mean = (xs, MEAN) if above else (1 - xs, 1 - MEAN)
    values = e_values(paths, mean, above=above)[:, [0, 4, 19]]
    errors = values.std(axis=0) / math.sqrt(PATHS)
    assert (values.mean(axis=0) <= 1 + 4 * errors).all()


@pytest.mark.parametrize("above", [True, False])
def test_the_class_and_the_simulation_are_the_same_process(above: bool) -> None:
    xs = skewed(np.random.default_rng(13))[:5, :50]
    simulated = e_values(xs, 0.05, above=above)
    for row in range(5):
        evidence = process(0.05, above=above)
        assert [evidence.update(float(x)) for x in xs[row]] == pytest.approx(list(simulated[row]))


def test_a_clear_excess_is_seen_at_once_and_its_absence_within_the_tail_bets_time() -> None:
    excess = process(0.006, above=True)
    while not excess.rejects(0.01):
        excess.update(0.25)
    assert excess.n <= 4
    absence = process(0.05, above=False)
    while not absence.rejects(0.01):
        absence.update(0.0)
    assert 90 <= absence.n <= 160


def test_a_rejection_stays() -> None:
    evidence = process(0.1, above=True)
    for x in [1.0] * 5 + [0.0] * 50:
        evidence.update(x)
    assert evidence.value < 1 < 100 < evidence.peak
    assert evidence.rejects(0.01)
    assert not evidence.rejects(1e-9)


def test_nothing_seen_says_nothing() -> None:
    evidence = process(0.1, above=True)
    assert evidence.value == evidence.peak == 1.0
    assert not evidence.rejects(0.01)


def test_a_value_stays_a_number_however_strong_the_evidence() -> None:
    evidence = process(0.001, above=True)
    for _ in range(1000):
        evidence.update(1.0)
    assert math.isfinite(evidence.value)
    assert math.isfinite(evidence.peak)
    assert evidence.log_peak > 690


@pytest.mark.parametrize("x", [-1e-9, 1.0000001, math.nan, math.inf])
def test_what_is_no_score_is_refused(x: float) -> None:
    evidence = process(0.5, above=True)
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        evidence.update(x)
    assert evidence.n == 0
    assert evidence.value == 1.0
