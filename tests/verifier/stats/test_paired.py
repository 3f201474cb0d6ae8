from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from tests.strategies import DETERMINISTIC
from verifier.stats.paired import detectable_difference, discordant, mcnemar_worse, paired_difference

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80)


@DETERMINISTIC
@given(pairs)
def test_mcnemars_test_is_a_sign_test_on_the_items_that_differ(found: list[tuple[bool, bool]]) -> None:
    only_first, only_second = discordant(found)
    both = only_first + only_second
    truth = binomtest(only_first, both, 0.5, alternative="less").pvalue if both else 1.0
    assert mcnemar_worse(found) == pytest.approx(truth)


@DETERMINISTIC
@given(pairs)
def test_the_difference_lies_in_its_interval_and_turns_with_the_sides(found: list[tuple[bool, bool]]) -> None:
    interval = paired_difference(found)
    turned = paired_difference([(b, a) for a, b in found])
    assert interval is not None
    assert turned is not None
    assert interval.value == pytest.approx(np.mean([a for a, _ in found]) - np.mean([b for _, b in found]))
    assert -1 <= interval.low <= interval.value <= interval.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-interval.high, -interval.low))


def table(both: int, only_first: int, only_second: int, neither: int) -> list[tuple[bool, bool]]:
    cells = ((True, True), (True, False), (False, True), (False, False))
    return [c for c, n in zip(cells, (both, only_first, only_second, neither), strict=True) for _ in range(n)]


def test_the_interval_is_walds_of_the_table_with_half_a_case_more_in_every_cell() -> None:
    """Agresti and Min's own example of prime ministers' approval: 944 against 880 of 1,600."""
    interval = paired_difference(table(794, 150, 86, 570))
    p12, p21, n = 150.5 / 1602, 86.5 / 1602, 1602
    half = norm.ppf(0.975) * math.sqrt((p12 + p21 - (p12 - p21) ** 2) / n)
    assert interval is not None
    assert interval.value == pytest.approx(0.04)
    assert (interval.low, interval.high) == pytest.approx((p12 - p21 - half, p12 - p21 + half))
    assert paired_difference([]) is None


def test_it_covers_the_truth_95_times_in_100() -> None:
    rng = np.random.default_rng(2)
    inside = []
    for counts in rng.multinomial(60, [0.5, 0.1, 0.2, 0.2], 2000):
        interval = paired_difference(table(*map(int, counts)))
        assert interval is not None
        inside.append(interval.low <= -0.1 <= interval.high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("n", "discordance"), [(50, 0.3), (120, 0.2), (400, 0.5)])
def test_the_detectable_difference_is_found_with_the_promised_power(n: int, discordance: float) -> None:
    """Second sources: Connor's formula turned round, and simulated tests."""
    x = detectable_difference(n, discordance)
    assert x is not None
    spread = norm.ppf(0.975) * math.sqrt(discordance) + norm.ppf(0.8) * math.sqrt(discordance - x * x)
    assert n == pytest.approx((spread / x) ** 2, rel=1e-6)
    shares = [(discordance + x) / 2, (discordance - x) / 2, 1 - discordance]
    draws = np.random.default_rng(3).multinomial(n, shares, 20_000)
    z = (draws[:, 0] - draws[:, 1]) / np.sqrt(np.maximum(1, draws[:, 0] + draws[:, 1]))
    assert np.mean(np.abs(z) >= norm.ppf(0.975)) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("n", [20, 50, 200])
def test_where_the_sides_hardly_differ_a_difference_makes_its_own_discordance(n: int) -> None:
    x = detectable_difference(n, 0.0)
    assert x is not None
    spread = norm.ppf(0.975) * math.sqrt(x) + norm.ppf(0.8) * math.sqrt(x - x * x)
    assert n == pytest.approx((spread / x) ** 2, rel=1e-6)
    assert detectable_difference(n, x / 2) == pytest.approx(x)


def test_what_cannot_be_seen_is_not_promised() -> None:
    assert detectable_difference(2, 0.5) is None
    assert detectable_difference(0, 0.5) is None
