from __future__ import annotations

import math
from itertools import combinations, zip_longest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC, FEW
from verifier.stats.mmd import mmd_hamming, permutation_p

answers = st.text("ab", max_size=4)
sides = st.lists(answers, min_size=2, max_size=4)


def kernel(first: str, second: str, length: int) -> float:
    same = sum(a == b for a, b in zip_longest(first, second))
    return float((same + length - max(len(first), len(second))) / length)


def brute_force(x: list[str], y: list[str]) -> float:
    """The definition, pair by pair."""
    length = max(1, *map(len, [*x, *y]))
    within = [
        np.mean([kernel(a, b, length) for i, a in enumerate(side) for j, b in enumerate(side) if i != j])
        for side in (x, y)
    ]
    return float(sum(within) - 2 * np.mean([kernel(a, b, length) for a in x for b in y]))


@DETERMINISTIC
@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=3))
def test_it_is_the_definition_averaged_over_prompts(strata: list[tuple[list[str], list[str]]]) -> None:
    x, y = [a for a, _ in strata], [b for _, b in strata]
    truth = np.mean([brute_force(a, b) for a, b in strata])
    assert mmd_hamming(x, y) == pytest.approx(truth, abs=1e-12)
    assert mmd_hamming(y, x) == pytest.approx(truth, abs=1e-12)


@FEW
@given(sides, sides)
def test_tokens_and_characters_are_the_same_to_it(x: list[str], y: list[str]) -> None:
    ids = [[[ord(char) for char in answer] for answer in side] for side in (x, y)]
    assert mmd_hamming([ids[0]], [ids[1]]) == mmd_hamming([x], [y])


def test_published_pooling_over_prompts_is_the_same_for_equally_many_answers() -> None:
    """Second source: MET sums the kernels of all prompts and divides by the number of pairs."""
    rng = np.random.default_rng(1)
    x, y = rng.integers(3, size=(4, 5, 6)), rng.integers(3, size=(4, 7, 6))
    same = [(a[:, :, None, :] == b[:, None, :, :]).mean(axis=3) for a, b in ((x, x), (y, y), (x, y))]
    xx, yy = ((k.sum() - np.trace(k, axis1=1, axis2=2).sum()) for k in same[:2])
    pooled = xx / (4 * 5 * 4) + yy / (4 * 7 * 6) - 2 * same[2].mean()
    assert mmd_hamming(x.tolist(), y.tolist()) == pytest.approx(pooled)


def test_it_is_unbiased() -> None:
    """Bernoulli symbols of rates p and q at each of L positions: MMD^2 is 2 (p - q)^2."""
    rng = np.random.default_rng(2)

    def side(rate: float, n: int) -> list[list[list[int]]]:
        return [(rng.random((n, 5)) < rate).astype(int).tolist()]

    for p, q in ((0.5, 0.5), (0.2, 0.6)):
        values = [mmd_hamming(side(p, 4), side(q, 3)) for _ in range(2000)]
        error = float(np.std(values)) / math.sqrt(2000)
        assert np.mean(values) == pytest.approx(2 * (p - q) ** 2, abs=4 * error)


def test_the_p_value_is_that_of_all_relabellings() -> None:
    """Second source: all 70 ways to choose four of eight, enumerated."""
    rng = np.random.default_rng(3)
    x = ["".join(rng.choice(list("ab"), 5, p=[0.4, 0.6])) for _ in range(4)]
    y = ["".join(rng.choice(list("ab"), 5, p=[0.7, 0.3])) for _ in range(4)]
    pooled, observed = [*x, *y], brute_force(x, y)
    reached = []
    for chosen in combinations(range(8), 4):
        first, second = [pooled[i] for i in chosen], [pooled[i] for i in range(8) if i not in chosen]
        reached.append(brute_force(first, second) >= observed - 1e-9)
    truth = float(np.mean(reached))
    p = permutation_p([x], [y], np.random.default_rng(4), 20_000)
    assert p == pytest.approx(truth, abs=4 * math.sqrt(truth * (1 - truth) / 20_000))


def test_the_test_keeps_its_level_when_prompts_differ_more_than_sides() -> None:
    """Each prompt has its own answer; permuting across prompts would not be a fair null."""
    rng = np.random.default_rng(5)
    runs, ps = 600, []
    for _ in range(runs):
        rates = rng.random((3, 1, 4))
        x, y = ((rng.random((3, n, 4)) < rates).astype(int).tolist() for n in (4, 3))
        ps.append(permutation_p(x, y, rng, 99))
    for alpha in (0.01, 0.05, 0.2):
        assert np.mean(np.array(ps) <= alpha) <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_another_distribution_is_found() -> None:
    rng = np.random.default_rng(6)
    rates = rng.random((10, 1, 20))
    x = (rng.random((10, 10, 20)) < rates).astype(int).tolist()
    y = (rng.random((10, 10, 20)) < np.clip(rates + 0.2, 0, 1)).astype(int).tolist()
    assert mmd_hamming(x, y) > 0.02
    assert permutation_p(x, y, rng, 199) == 1 / 200
    assert permutation_p(x, y, np.random.default_rng(7)) == permutation_p(x, y, np.random.default_rng(7))


@FEW
@given(st.lists(sides, min_size=1, max_size=3), st.integers(1, 20))
def test_the_same_answers_are_no_evidence(x: list[list[str]], permutations: int) -> None:
    assert mmd_hamming(x, x) <= 1e-12
    p = permutation_p(x, x, np.random.default_rng(8), permutations)
    assert 1 / (permutations + 1) <= p <= 1


def test_answers_that_are_all_alike_give_a_p_of_1() -> None:
    assert permutation_p([["a", "a"]], [["a", "a"]], np.random.default_rng(9), 50) == 1.0
    assert mmd_hamming([["", ""]], [["", ""]]) == 0.0


def test_prompts_with_too_few_answers_are_left_out() -> None:
    x, y = [["ab", "aa", "bb"], ["a"], []], [["ab", "bb"], ["b", "b"], ["a", "a"]]
    assert mmd_hamming(x, y) == mmd_hamming(x[:1], y[:1])
    for first, second in (([["a"]], [["b", "b"]]), ([], [])):
        with pytest.raises(ValueError, match="two answers on both sides"):
            mmd_hamming(first, second)
    with pytest.raises(ValueError, match="3 prompts on one side"):
        permutation_p(x, y[:2], np.random.default_rng())
    with pytest.raises(ValueError, match="needs permutations"):
        permutation_p(x, y, np.random.default_rng(), 0)
