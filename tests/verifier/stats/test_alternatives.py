from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import DETERMINISTIC, FEW
from verifier.stats.alternatives import (
    ACCEPTED_FROM,
    EPS,
    FAMILIES,
    HIGH,
    LOW,
    NAMES,
    SMALLEST,
    alternatives,
    factors,
    family,
    outcomes,
)
from verifier.stats.likelihood import LikelihoodProcess, robust_factors

Vector = NDArray[np.floating[Any]]
LISTED = 20
VOCABULARY = 2000

lists = st.lists(st.floats(1e-9, 1.0), min_size=2, max_size=40).flatmap(
    lambda weights: st.floats(0.3, 1.0).map(
        lambda mass: sorted((mass * w / math.fsum(weights) for w in weights), reverse=True)
    )
)
"""Falling probabilities, as a server lists them."""


@DETERMINISTIC
@given(lists)
def test_each_alternative_is_a_distribution_over_the_outcomes(listed: list[float]) -> None:
    p = outcomes(listed)
    table = alternatives(p)
    assert table.shape == (len(NAMES), len(listed) + 1)
    assert (table > 0).all()
    assert table.sum(axis=1) == pytest.approx(np.ones(len(NAMES)))


@FEW
@given(lists, st.sampled_from([0.0, EPS, 0.05]))
def test_the_factors_are_those_of_the_one_pair_statistic(listed: list[float], eps: float) -> None:
    """Second source: `stats.likelihood`, whose bound is proven by linear programming there."""
    p = outcomes(listed)
    table = alternatives(p)
    places = [*range(len(listed)), None]
    found = [factors(listed, place, eps) for place in places]
    for row, name in zip(table, NAMES, strict=True):
        expected = robust_factors(p, row, eps, LOW, HIGH)
        assert [one[name] for one in found] == pytest.approx(list(expected))


@FEW
@given(lists, st.floats(0.0, EPS))
def test_no_honest_sampling_wins_on_average(listed: list[float], moved: float) -> None:
    """From the list exactly, or with so much mass moved from any outcome to any other."""
    p = outcomes(listed)
    paid = np.array([list(factors(listed, place).values()) for place in [*range(len(listed)), None]])
    assert (p @ paid <= 1 + 1e-9).all()
    for source in range(len(p)):
        mass = min(moved, float(p[source]))
        means = p @ paid - mass * paid[source] + mass * paid
        assert (means <= 1 + 1e-9).all()


def test_every_name_has_one_of_the_families() -> None:
    assert {family(name) for name in NAMES} == set(FAMILIES)
    assert len(set(NAMES)) == len(NAMES)
    assert list(factors([0.6, 0.3], 0)) == list(NAMES)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([0.5, 0.3], [0.5, 0.3, 0.2]),
        ([0.7, 0.3], [0.7, 0.3, SMALLEST]),
        ([0.8, 0.4], [2 / 3, 1 / 3, SMALLEST]),
        ([1.0, 0.0], [1.0, SMALLEST, SMALLEST]),
        ([0.4, 1e-300], [0.4, SMALLEST, 0.6]),
    ],
    ids=["a-rest", "no-rest", "more-than-one", "certain", "denormal"],
)
def test_the_outcomes_are_the_listed_tokens_and_the_rest(listed: list[float], expected: list[float]) -> None:
    found = outcomes(listed)
    assert found.sum() == pytest.approx(1.0)
    assert list(found) == pytest.approx(expected, abs=3 * SMALLEST)
    assert (found > 0.5 * SMALLEST).all()


def row(name: str, p: Vector) -> Vector:
    found: Vector = alternatives(p)[NAMES.index(name)]
    return found


def test_what_each_alternative_does_to_a_distribution() -> None:
    p = outcomes([0.52, 0.22, 0.1, 0.055, 0.02])
    assert row("top-k 1", p) == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-9)
    assert row("top-k 5", p)[-1] == pytest.approx(0, abs=1e-9)
    assert row("top-k 5", p)[:5] == pytest.approx(p[:5] / p[:5].sum())
    assert row("top-p 0.5", p) == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-9)
    assert (row("top-p 0.8", p) > 1e-6).sum() == 3, "as many as reach 0.8, and no more"
    assert (row("min-p 0.1", p) > 1e-6).sum() == 4, "those of at least a tenth of the likeliest"
    unlikely = p[3:].sum()
    accepted_from = np.append((1 + unlikely) * p[:3], unlikely * p[3:])
    assert row("acceptance 0.1", p) == pytest.approx(accepted_from)
    cold, hot = row("temperature 0.5", p), row("temperature 1.5", p)
    assert cold[:5] / cold[0] == pytest.approx((p[:5] / p[0]) ** 2)
    assert cold[0] > p[0] > hot[0]
    assert cold[-1] < p[-1] < hot[-1]
    longer = [row(f"top-k {k}", p)[-1] for k in (10, 20, 40)]
    assert longer == sorted(longer)
    assert longer[-1] < p[-1]


def model(rng: np.random.Generator) -> Vector:
    """A language model's next-token distribution: a falling tail over two thousand tokens."""
    logits = -rng.uniform(1.1, 1.6) * np.log(np.arange(1, VOCABULARY + 1))
    logits += rng.normal(0, 0.5, VOCABULARY)
    p: Vector = np.sort(np.exp(logits))[::-1]
    p /= p.sum()
    return p


def tempered(p: Vector) -> Vector:
    return np.power(p, 1 / 0.7)


def hot(p: Vector) -> Vector:
    return np.power(p, 1 / 1.3)


def top_k(p: Vector) -> Vector:
    return np.where(np.arange(len(p)) < 10, p, 0)


def top_p(p: Vector) -> Vector:
    return np.where(np.cumsum(p) - p < 0.8, p, 0)


def min_p(p: Vector) -> Vector:
    return np.where(p >= 0.1 * p[0], p, 0)


def accepted(p: Vector) -> Vector:
    """A draft model proposes a token; it is kept if it has 0.1 or more, else one is drawn anew."""
    draft = p * np.exp(np.random.default_rng(int(p[0] * 1e9)).normal(0, 0.3, len(p)))
    draft /= draft.sum()
    kept = np.where(p >= 0.1, draft, 0)
    truth: Vector = kept + (1 - kept.sum()) * p
    return truth


def process_of(seed: int, override: Any, tokens: int) -> LikelihoodProcess:
    rng = np.random.default_rng(seed)
    process = LikelihoodProcess(NAMES)
    for _ in range(tokens):
        p = model(rng)
        truth = p if override is None else override(p)
        drawn = int(rng.choice(len(p), p=truth / truth.sum()))
        process.update(factors(p[:LISTED].tolist(), drawn if drawn < LISTED else None))
    return process


@pytest.mark.parametrize(
    ("override", "named"),
    [
        (tempered, {"temperature"}),
        (hot, {"temperature"}),
        (top_k, {"top-k"}),
        (top_p, {"top-p", "top-k"}),
        (min_p, {"min-p"}),
        (accepted, {"acceptance"}),
    ],
)
def test_overrides_are_found_and_named_by_their_family(override: Any, named: set[str]) -> None:
    for seed in range(3):
        process = process_of(seed, override, 400)
        assert process.rejects(0.01)
        shares = dict.fromkeys(FAMILIES, 0.0)
        for name, share in process.shares().items():
            shares[family(name)] += share
        assert max(shares, key=lambda name: shares[name]) in named


def test_honest_sampling_is_left_alone() -> None:
    """Long runs: the peak of each stays far below what an accusation takes."""
    for seed in range(10):
        process = process_of(100 + seed, None, 200)
        assert not process.rejects(0.01)
        assert process.log_value < 0


def test_a_tail_that_is_only_a_little_heavier_than_listed_is_tolerated() -> None:
    """Total variation EPS away, for as long as it takes: half-percent noise is nobody's override."""

    def heavier(p: Vector) -> Vector:
        moved: Vector = (1 - EPS) * p
        moved[-1] += EPS
        return moved

    for seed in range(5):
        assert not process_of(200 + seed, heavier, 200).rejects(0.01)


def test_the_thresholds_of_acceptance_rise() -> None:
    assert list(ACCEPTED_FROM) == sorted(ACCEPTED_FROM)
    p = outcomes([0.3, 0.2, 0.1])
    tails = [row(f"acceptance {a:g}", p)[-1] for a in ACCEPTED_FROM]
    assert tails == sorted(tails)
