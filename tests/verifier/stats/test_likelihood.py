from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from tests.strategies import DETERMINISTIC, FEW
from verifier.stats.likelihood import LikelihoodProcess, robust_e, robust_factors

Vector = NDArray[np.float64]


@st.composite
def distributions(draw: st.DrawFn, size: int) -> Vector:
    weights = np.array(draw(st.lists(st.integers(0, 1000), min_size=size, max_size=size)), float)
    if not weights.any():
        weights[draw(st.integers(0, size - 1))] = 1
    probabilities: Vector = weights / weights.sum()
    return probabilities


pairs = st.integers(2, 5).flatmap(lambda size: st.tuples(distributions(size), distributions(size)))


def worst_mean(p: Vector, factors: Vector, eps: float) -> float:
    """Second source: the largest mean of `factors` over all distributions within tv eps of p, by LP."""
    n = len(p)
    # x = p + u - v with u, v >= 0 of mass at most eps, v <= p.
    result = linprog(
        -np.concatenate([factors, -factors]),
        A_ub=np.ones((1, 2 * n)) / 2,
        b_ub=[eps],
        A_eq=np.concatenate([np.ones(n), -np.ones(n)])[None],
        b_eq=[0],
        bounds=[(0, 1)] * n + [(0, float(x)) for x in p],
    )
    assert result.status == 0
    return float(p @ factors - result.fun)


@FEW
@given(
    pairs,
    st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5]),
    st.sampled_from([(0.1, 10.0), (0.5, 2.0), (1.0, 1.0)]),
)
def test_no_distribution_within_the_tolerance_wins_on_average(
    pair: tuple[Vector, Vector], eps: float, clip: tuple[float, float]
) -> None:
    p, q = pair
    factors = robust_factors(p, q, eps, *clip)
    assert worst_mean(p, factors, eps) <= 1 + 1e-9


@DETERMINISTIC
@given(pairs, st.floats(0, 1))
def test_neither_does_any_pure_move_of_mass(pair: tuple[Vector, Vector], eps: float) -> None:
    """Brute force: from every outcome to every other, as much as is there, up to eps."""
    p, q = pair
    factors = robust_factors(p, q, eps)
    for source in range(len(p)):
        for target in range(len(p)):
            moved = p.copy()
            moved[source] -= min(eps, p[source])
            moved[target] += min(eps, p[source])
            assert moved @ factors <= 1 + 1e-9


def test_the_bound_is_reached_where_the_mass_can_be_moved() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.8, 0.2])
    assert worst_mean(p, robust_factors(p, q, 0.05), 0.05) == pytest.approx(1.0)


@DETERMINISTIC
@given(pairs)
def test_without_clipping_and_tolerance_it_is_the_likelihood_ratio(pair: tuple[Vector, Vector]) -> None:
    p, q = (0.9 * side + 0.1 / len(side) for side in pair)
    assert robust_factors(p, q, 0.0, 1e-9, 1e9) == pytest.approx(q / p)
    assert [robust_e(p, q, i, 0.0, 1e-9, 1e9) for i in range(len(p))] == pytest.approx(list(q / p))


@DETERMINISTIC
@given(pairs, st.floats(0, 0.2), st.floats(0, 0.2))
def test_more_tolerance_never_pays_more(pair: tuple[Vector, Vector], first: float, second: float) -> None:
    less, more = sorted((first, second))
    assert (robust_factors(*pair, more) <= robust_factors(*pair, less) + 1e-12).all()


@DETERMINISTIC
@given(pairs, st.floats(0, 1))
def test_every_factor_is_a_number_above_0(pair: tuple[Vector, Vector], eps: float) -> None:
    factors = robust_factors(*pair, eps)
    assert np.isfinite(factors).all()
    assert (factors > 0).all()
    assert factors.max() <= 10 / 0.1


def test_impossible_and_barely_possible_outcomes_are_clipped_and_the_unthinkable_bets_nothing() -> None:
    p = np.array([0.5, 0.0, 0.5, 0.0, 5e-324])
    q = np.array([0.5, 0.5, 0.0, 0.0, 5e-324])
    factors = robust_factors(p, q, 0.0)
    mean = 0.5 * 1 + 0.5 * 0.1
    assert factors == pytest.approx(np.array([1, 10, 0.1, 1, 1]) / mean)


def test_the_same_distribution_bets_nothing() -> None:
    p = np.array([0.7, 0.2, 0.1])
    assert robust_factors(p, p, 0.3) == pytest.approx(np.ones(3))


@pytest.mark.parametrize(
    ("p", "q", "eps", "low", "high"),
    [
        ([0.5, 0.5], [1.0], 0.0, 0.1, 10.0),
        ([0.5, 0.4], [0.5, 0.5], 0.0, 0.1, 10.0),
        ([0.5, 0.5], [1.5, -0.5], 0.0, 0.1, 10.0),
        ([0.5, math.nan], [0.5, 0.5], 0.0, 0.1, 10.0),
        ([], [], 0.0, 0.1, 10.0),
        ([[1.0]], [[1.0]], 0.0, 0.1, 10.0),
        ([0.5, 0.5], [0.5, 0.5], -0.1, 0.1, 10.0),
        ([0.5, 0.5], [0.5, 0.5], math.nan, 0.1, 10.0),
        ([0.5, 0.5], [0.5, 0.5], 0.0, 0.0, 10.0),
        ([0.5, 0.5], [0.5, 0.5], 0.0, 2.0, 10.0),
        ([0.5, 0.5], [0.5, 0.5], 0.0, 0.1, 0.9),
        ([0.5, 0.5], [0.5, 0.5], 0.0, 0.1, math.inf),
    ],
)
def test_what_is_no_bet_is_refused(
    p: list[float], q: list[float], eps: float, low: float, high: float
) -> None:
    with pytest.raises(ValueError, match=r"p and q|eps|clipped"):
        robust_factors(p, q, eps, low, high)


factor_rows = st.lists(st.lists(st.floats(0.01, 100), min_size=3, max_size=3), max_size=20)


@DETERMINISTIC
@given(factor_rows)
def test_the_process_is_the_mean_of_the_products(rows: list[list[float]]) -> None:
    process = LikelihoodProcess(["a", "b", "c"])
    by_name = LikelihoodProcess(["a", "b", "c"])
    highest = 1.0
    for row in rows:
        assert process.update(row) == by_name.update(dict(zip("cab", (row[2], row[0], row[1]), strict=True)))
        products = np.prod(rows[: process.n], axis=0)
        assert process.value == pytest.approx(products.mean(), rel=1e-9)
        highest = max(highest, process.value)
    assert process.n == len(rows)
    assert process.peak == pytest.approx(highest)
    assert process.log_value == pytest.approx(math.log(process.value))
    shares = process.shares()
    assert math.fsum(shares.values()) == pytest.approx(1)
    products = np.prod(rows, axis=0) if rows else np.ones(3)
    assert list(shares.values()) == pytest.approx(list(products / products.sum()))
    assert process.rejects(0.05) == (highest >= 20)


def test_who_does_not_know_does_not_bet() -> None:
    process = LikelihoodProcess(["a", "b"])
    process.update({"a": 3.0})
    process.update({})
    assert process.value == pytest.approx(2.0)
    assert process.shares() == pytest.approx({"a": 0.75, "b": 0.25})
    assert process.n == 2


def test_a_rejection_stays_and_a_value_stays_a_number() -> None:
    process = LikelihoodProcess(["a"])
    for _ in range(400):
        process.update([9.0])
    assert math.isfinite(process.value)
    assert process.log_peak == pytest.approx(400 * math.log(9))
    for _ in range(900):
        process.update([0.1])
    assert process.value < 1
    assert process.rejects(0.01)
    assert math.isfinite(process.peak)
    assert process.shares() == {"a": 1.0}


def test_the_alternative_that_was_sampled_is_found_and_named() -> None:
    rng = np.random.default_rng(1)
    names = ["int4", "fp8", "other"]
    process = LikelihoodProcess(names)
    while not process.rejects(0.01):
        p = rng.dirichlet(np.ones(8))
        others = {name: 0.7 * p + 0.3 * rng.dirichlet(np.ones(8)) for name in names}
        outcome = int(rng.choice(8, p=others["int4"]))
        process.update({name: robust_e(p, q, outcome, 0.01) for name, q in others.items()})
    assert 20 < process.n < 400
    assert max(process.shares(), key=lambda name: process.shares()[name]) == "int4"


def test_what_is_no_step_is_refused_and_changes_nothing() -> None:
    process = LikelihoodProcess(["a", "b"])
    bad: list[dict[str, float] | list[float]] = [
        [1.0], [1.0, 1.0, 1.0], {"c": 1.0}, [2.0, 0.0], [2.0, -1.0], {"a": math.nan}, {"a": math.inf},
    ]  # fmt: skip
    for factors in bad:
        with pytest.raises(ValueError, match=r"alternative|e-factor"):
            process.update(factors)
    assert (process.n, process.value) == (0, 1.0)
    for names in ([], ["a", "a"]):
        with pytest.raises(ValueError, match="own name"):
            LikelihoodProcess(names)
