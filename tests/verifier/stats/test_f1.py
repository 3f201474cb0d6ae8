from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from verifier.stats.f1 import f1

count = st.integers(0, 200)


@DETERMINISTIC
@given(st.integers(1, 200), count, count)
def test_it_is_the_harmonic_mean_of_precision_and_recall(tp: int, fp: int, fn: int) -> None:
    found = f1(tp, fp, fn)
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    assert found is not None
    assert found.value == pytest.approx(2 * precision * recall / (precision + recall))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.n == tp + fp + fn


def test_nothing_right_is_zero_and_without_positives_there_is_no_f1() -> None:
    found = f1(0, 3, 4)
    assert found is not None
    assert found.value == found.low == 0.0
    assert f1(0, 0, 0) is None


def test_the_interval_is_that_of_a_bootstrap_over_cases() -> None:
    """Second source: resample the cases that count."""
    tp, fp, fn = 150, 20, 30
    found = f1(tp, fp, fn)
    assert found is not None
    right = np.repeat([1.0, 0.0], [tp, fp + fn])
    draws = np.random.default_rng(1).choice(right, (8000, len(right))).sum(axis=1)
    low, high = np.quantile(2 * draws / (len(right) + draws), [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)
