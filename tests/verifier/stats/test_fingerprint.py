from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import FEW, unit
from verifier.stats.fingerprint import Closest, closest

NAMES = ["a", "b", "c"]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@FEW
@given(st.lists(st.lists(unit, min_size=3, max_size=3), min_size=1, max_size=12))
def test_it_is_the_smallest_mean(rows: list[list[float]]) -> None:
    found = closest(rows, NAMES, rng())
    assert found is not None
    means = np.mean(rows, axis=0)
    assert found.mean == pytest.approx(means.min(), abs=1e-9)
    assert means[NAMES.index(found.name)] == pytest.approx(means.min(), abs=1e-9)
    assert 0 <= found.support <= 1
    assert found.n == len(rows)


@FEW
@given(st.lists(st.lists(unit, min_size=3, max_size=3), min_size=2, max_size=10), st.permutations(range(3)))
def test_neither_the_order_of_prompts_nor_that_of_variants_matters(
    rows: list[list[float]], order: list[int]
) -> None:
    matrix = np.array(rows)
    if len(np.unique(np.round(matrix.mean(axis=0), 6))) < 3:
        return
    first = closest(matrix, NAMES, rng())
    turned = closest(matrix[::-1][:, order], [NAMES[i] for i in order], rng(1))
    assert first is not None
    assert turned is not None
    assert (turned.name, turned.n) == (first.name, first.n)
    assert turned.support == pytest.approx(first.support, abs=0.08)


def test_the_support_is_that_of_all_resamples() -> None:
    """Second source: all 5^5 equally likely resamples, enumerated."""
    matrix = rng(3).random((5, 3))
    wins = np.zeros(3)
    for rows in product(range(5), repeat=5):
        wins[int(np.argmin(matrix[list(rows)].mean(axis=0)))] += 1
    found = closest(matrix, NAMES, rng(), resamples=20_000)
    assert found is not None
    truth = wins[int(np.argmin(matrix.mean(axis=0)))] / 5**5
    assert found.support == pytest.approx(truth, abs=4 * math.sqrt(truth * (1 - truth) / 20_000))


def test_the_same_weights_are_told_from_a_like_sized_error() -> None:
    """Two quantizers of one size: only the endpoint's own deviates in the same places."""
    noise = rng(4)
    own = noise.beta(1, 40, 60)
    others = noise.beta(1, 6, (60, 2))
    found = closest(np.column_stack([others, own]), ["rtn", "gptq", "q4_0"], rng())
    assert found is not None
    assert found.name == "q4_0"
    assert found.support > 0.99


def test_variants_that_answer_alike_share_their_support_and_the_first_is_named() -> None:
    column = rng(5).random(20)
    found = closest(np.column_stack([column + 0.001, column, column]), NAMES, rng())
    assert found is not None
    assert (found.name, found.n) == ("b", 20)
    assert (found.mean, found.support) == pytest.approx((column.mean(), 0.5))


def test_all_are_compared_on_the_same_prompts() -> None:
    """A variant that lacks the hard prompts must not look near for it."""
    matrix = np.array([[0.1, 0.2, math.nan]] * 6 + [[0.9, 0.95, 0.92]] * 6 + [[math.nan] * 3] * 4)
    found = closest(matrix, NAMES, rng())
    assert found is not None
    assert found == Closest("a", found.mean, 1.0, 6)
    assert found.mean == pytest.approx(0.9)


def test_a_variant_with_few_prompts_does_not_take_them_from_the_others() -> None:
    matrix = np.full((10, 3), 0.5)
    matrix[:, 1] = 0.4
    matrix[1:, 2] = math.nan
    matrix[0, 2] = 0.0
    found = closest(matrix, NAMES, rng())
    assert found is not None
    assert (found.name, found.n) == ("b", 10)
    strict = closest(matrix, NAMES, rng(), least=0.0)
    assert strict is not None
    assert (strict.name, strict.n) == ("c", 1)


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert closest(np.zeros((0, 3)), NAMES, rng()) is None
    assert closest(np.full((4, 3), math.nan), NAMES, rng()) is None
    assert closest(np.zeros((4, 0)), [], rng()) is None
    apart = np.array([[0.1, math.nan], [math.nan, 0.1]])
    assert closest(apart, ["a", "b"], rng()) is None


def test_one_variant_has_all_the_support_and_the_same_seed_the_same_answer() -> None:
    matrix = rng(6).random((9, 1))
    assert closest(matrix, ["a"], rng()) == Closest("a", float(matrix.mean()), 1.0, 9)
    pair = rng(7).random((9, 2))
    assert closest(pair, ["a", "b"], rng(8)) == closest(pair, ["a", "b"], rng(8))


def test_a_matrix_of_another_shape_is_refused() -> None:
    for matrix in (np.zeros((3, 2)), np.zeros(3)):
        with pytest.raises(ValueError, match="one column"):
            closest(matrix, NAMES, rng())
