from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from tests.strategies import DETERMINISTIC
from verifier.stats.rates import fewer_successes

side = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@DETERMINISTIC
@given(side, side)
def test_it_is_scipys_fisher_test(first: tuple[int, int], second: tuple[int, int]) -> None:
    (a, n), (b, m) = first, second
    truth = fisher_exact([[a, n - a], [b, m - b]], alternative="less").pvalue
    assert fewer_successes(a, n, b, m) == pytest.approx(truth, rel=1e-6, abs=1e-12)


def test_nothing_of_five_against_all_of_fifteen() -> None:
    assert fewer_successes(0, 5, 15, 15) == pytest.approx(1 / math.comb(20, 5))
    assert fewer_successes(5, 5, 15, 15) == 1.0


def test_without_trials_nothing_is_shown() -> None:
    assert fewer_successes(0, 0, 5, 5) == fewer_successes(0, 5, 0, 0) == 1.0
