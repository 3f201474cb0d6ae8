from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, rel_entr

from tests.strategies import DETERMINISTIC
from verifier.stats.divergence import ROUNDING, TopK, disjoint, kl_bound, top_k, tv_bound

Matrix = NDArray[np.float64]
KS = (1, 2, 5, 20)
EPSILON = 1e-9
PAIRS = 20_000
BATCH = 1000
KINDS = ("flat", "peaked", "close", "disjoint", "one-hot")


def pairs(rng: np.random.Generator, kind: str, size: int, alphabet: int) -> tuple[Matrix, Matrix]:
    """Natural-log probabilities of two sides, `size` rows each, from a kind of pair of models."""
    spread = {"flat": 0.3, "peaked": 4.0, "close": 3.0, "disjoint": 1.0, "one-hot": 30.0}[kind]
    q = rng.normal(0, spread, (size, alphabet))
    p = rng.normal(0, spread, (size, alphabet))
    if kind == "close":
        p = q + rng.normal(0, 0.1, q.shape)
    if kind == "disjoint":
        q[:, : alphabet // 2] -= 20
        p[:, alphabet // 2 :] -= 20
    return log_softmax(q, axis=1), log_softmax(p, axis=1)


def batches() -> Iterator[tuple[Matrix, Matrix]]:
    rng = np.random.default_rng(20_000)
    for index in range(PAIRS // BATCH):
        alphabet = (3, 25, 60, 200)[index // len(KINDS) % 4]
        yield pairs(rng, KINDS[index % len(KINDS)], BATCH, alphabet)


def listed(row: NDArray[np.float64], k: int) -> TopK:
    best = np.argsort(-row, kind="stable")[:k]
    return top_k({int(i).to_bytes(2, "big"): float(row[i]) for i in best}, k)


def test_over_20_000_pairs_no_bound_exceeds_the_truth() -> None:
    rng = np.random.default_rng(1)
    checked = 0
    for q, p in batches():
        tv = 0.5 * np.abs(np.exp(q) - np.exp(p)).sum(axis=1)
        kl = rel_entr(np.exp(q), np.exp(p)).sum(axis=1)
        ks = rng.choice(KS, BATCH)
        for row in range(BATCH):
            k = int(ks[row])
            a, b = listed(q[row], k), listed(p[row], k)
            assert tv_bound(a, b) <= tv[row] + EPSILON, (q[row], p[row], k)
            assert kl_bound(a, b) <= kl[row] + EPSILON, (q[row], p[row], k)
            checked += 1
    assert checked == PAIRS


def test_with_the_whole_alphabet_listed_the_bounds_are_the_truth() -> None:
    rng = np.random.default_rng(2)
    for kind in ("flat", "peaked", "close"):
        q, p = pairs(rng, kind, 100, 12)
        for row in range(100):
            a, b = listed(q[row], 12), listed(p[row], 12)
            truth = rel_entr(np.exp(q[row]), np.exp(p[row])).sum()
            assert tv_bound(a, b) == pytest.approx(0.5 * np.abs(np.exp(q[row]) - np.exp(p[row])).sum())
            assert kl_bound(a, b) == pytest.approx(truth, abs=1e-9)


def test_a_longer_list_never_proves_less() -> None:
    """METHOD.md section 1, "the bound grows with k": p̂ falls and the sums grow. For kl up to what the lists
    leave to rounding.
    """
    rng = np.random.default_rng(3)
    for kind in KINDS:
        q, p = pairs(rng, kind, 60, 30)
        for row in range(60):
            lists = [(listed(q[row], k), listed(p[row], k)) for k in range(1, 31)]
            tv = [tv_bound(a, b) for a, b in lists]
            kl = [kl_bound(a, b) for a, b in lists if b.unlisted > 100 * ROUNDING]
            for bounds in (tv, kl):
                assert all(later >= earlier - EPSILON for earlier, later in pairwise(bounds))


def test_lists_of_different_lengths_are_bounds_too() -> None:
    rng = np.random.default_rng(4)
    for kind in KINDS:
        q, p = pairs(rng, kind, 100, 40)
        tv = 0.5 * np.abs(np.exp(q) - np.exp(p)).sum(axis=1)
        for row in range(100):
            a, b = listed(q[row], int(rng.integers(1, 40))), listed(p[row], int(rng.integers(1, 40)))
            assert tv_bound(a, b) <= tv[row] + EPSILON
            assert kl_bound(a, b) <= rel_entr(np.exp(q[row]), np.exp(p[row])).sum() + EPSILON


def test_disjoint_peaked_lists_are_almost_wholly_apart_and_flat_ones_need_the_alarm() -> None:
    rng = np.random.default_rng(5)
    q, p = pairs(rng, "disjoint", 1, 200)
    flat = listed(q[0], 5), listed(p[0], 5)
    assert disjoint(*flat)
    assert tv_bound(*flat) < 0.2
    peaked = top_k({b"a": math.log(0.97), b"b": math.log(0.02)}, 2), top_k({b"c": math.log(0.99)}, 2)
    assert disjoint(*peaked)
    assert tv_bound(*peaked) == pytest.approx(0.98)
    assert not disjoint(listed(q[0], 200), listed(p[0], 200))


def test_a_given_token_listed_beyond_the_true_top_falls_away() -> None:
    """With it the ceiling of unlisted tokens would read too low, and the same model would look different."""
    rng = np.random.default_rng(6)
    q = log_softmax(rng.normal(0, 1, 50))
    order = np.argsort(-q)
    reference = {bytes([i]): float(q[i]) for i in order[:20]}
    endpoint = {bytes([i]): float(q[i]) for i in [*order[:5], order[-1]]}
    assert tv_bound(top_k(reference, 5), top_k(endpoint, 5)) == 0.0
    assert tv_bound(top_k(reference, 20), top_k(endpoint, 5)) == 0.0
    broken = TopK({t: math.exp(x) for t, x in endpoint.items()}, 1 - sum(map(math.exp, endpoint.values())))
    assert tv_bound(top_k(reference, 20), broken) > 0.01


def test_ties_at_the_end_of_the_list_cost_nothing() -> None:
    """Two honest servers may cut a tie differently."""
    half, tie = math.log(0.5), math.log(0.05)
    first = top_k({b"a": half, b"b": tie, b"c": tie}, 3)
    second = top_k({b"a": half, b"d": tie, b"e": tie}, 3)
    assert tv_bound(first, second) == pytest.approx(0.0)
    assert kl_bound(first, second) == pytest.approx(0.0, abs=1e-12)


def test_the_cut_of_a_tie_does_not_depend_on_the_servers_order() -> None:
    tie = math.log(0.1)
    tokens = {bytes([i]): tie for i in range(8)}
    assert top_k(tokens, 5) == top_k(dict(reversed(tokens.items())), 5)


def test_logprobs_that_are_no_number_above_0_in_floating_point_are_survived() -> None:
    """Servers write -800 for a masked token: its probability is 0 in a double."""
    q = top_k({b"a": 0.0, b"b": -800.0, b"c": -900.0}, 3)
    p = top_k({b"a": -0.5, b"d": -800.0, b"c": -900.0}, 3)
    for a, b in ((q, p), (p, q)):
        assert 0 <= tv_bound(a, b) <= 1
        assert math.isfinite(kl_bound(a, b))
    assert math.isfinite(kl_bound(top_k({b"a": -800.0}, 1), top_k({b"b": 0.0}, 1)))


def test_rounded_probabilities_above_1_in_sum_stay_within_bounds() -> None:
    q = top_k({b"a": math.log(0.7001), b"b": math.log(0.3001)}, 2)
    assert q.unlisted == 0.0
    assert tv_bound(q, top_k({b"c": 0.0, b"d": 0.0}, 2)) == 1.0
    assert kl_bound(q, q) == pytest.approx(0.0, abs=1e-3)


def test_empty_lists_prove_nothing() -> None:
    nothing = top_k({}, 20)
    something = top_k({b"a": -0.1}, 20)
    assert tv_bound(nothing, something) == tv_bound(something, nothing) == 0.0
    assert kl_bound(nothing, something) == 0.0
    assert kl_bound(something, nothing) == pytest.approx(0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kl_bound_is_the_least_kl_that_the_lists_allow(kind: str) -> None:
    """Second source: SLSQP over every distribution with the endpoint's list."""
    rng = np.random.default_rng(sum(kind.encode()))
    for _ in range(8):
        q, p = pairs(rng, kind, 1, 7)
        # Smoothed, so that the optimiser has numbers of one size to work with.
        a, b = (listed(np.log(0.9 * np.exp(side[0]) + 0.1 / 7), 3) for side in (q, p))
        found = least_kl(a, b)
        assert kl_bound(a, b) == pytest.approx(found, abs=2e-5)


def least_kl(q: TopK, p: TopK) -> float:
    """min KL over the partition {q's tokens, the rest}; p's unlisted tokens are free up to its ceiling."""
    unknown = [token for token in q.listed if token not in p.listed]
    elsewhere = sum(x for token, x in p.listed.items() if token not in q.listed)
    known = sum(x * math.log(x / p.listed[token]) for token, x in q.listed.items() if token in p.listed)
    mass = 1 - sum(x for token, x in p.listed.items() if token in q.listed)
    masses = np.array([*(q.listed[token] for token in unknown), q.unlisted])
    bounds = [(1e-12, max(p.ceiling, 1e-12))] * len(unknown) + [(max(elsewhere, 1e-12), 1.0)]
    start = np.array([min(high, max(low, mass / len(bounds))) for low, high in bounds])
    result = minimize(
        lambda x: float(np.sum(masses * np.log(masses / x))),
        start,
        jac=lambda x: -masses / x,
        bounds=bounds,
        constraints={"type": "eq", "fun": lambda x: x.sum() - mass, "jac": np.ones_like},
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert result.x.sum() == pytest.approx(mass)
    return max(0.0, known + float(result.fun))


@DETERMINISTIC
@given(
    st.dictionaries(st.binary(max_size=2), st.floats(-1000, 0), max_size=8),
    st.dictionaries(st.binary(max_size=2), st.floats(-1000, 0), max_size=8),
    st.integers(1, 8),
)
def test_whatever_a_server_lists_the_numbers_are_numbers(
    first: dict[bytes, float], second: dict[bytes, float], k: int
) -> None:
    """Lists of a liar need not add up to anything."""
    q, p = top_k(first, k), top_k(second, k)
    assert 0 <= tv_bound(q, p) <= 1
    assert tv_bound(q, p) == tv_bound(p, q)
    assert tv_bound(q, q) == 0.0
    assert math.isfinite(kl_bound(q, p))
    assert kl_bound(q, p) >= 0
