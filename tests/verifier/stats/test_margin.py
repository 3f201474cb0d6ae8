from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from verifier.stats.margin import CLIP, gap, margin

lists = st.dictionaries(st.binary(min_size=1, max_size=2), st.floats(-20, 0), min_size=1, max_size=6)


@DETERMINISTIC
@given(lists)
def test_it_is_the_clipped_distance_from_the_best_in_halves_of_a_nat(reference: dict[bytes, float]) -> None:
    best = np.max(list(reference.values()))
    for token, logprob in reference.items():
        assert margin(reference, token) == pytest.approx(np.clip(best - logprob, 0, CLIP) / CLIP)


def test_the_best_choice_costs_nothing_and_an_unlisted_one_everything() -> None:
    reference = {b"a": math.log(0.5), b"b": math.log(0.4)}
    assert margin(reference, b"a") == 0.0
    assert margin(reference, b"b") == pytest.approx(math.log(0.5 / 0.4) / 0.5)
    assert margin(reference, b"c") == 1.0


def test_equal_bests_cost_nothing() -> None:
    """Which of two equals is listed first is the server's whim."""
    assert margin({b"a": -1.0, b"b": -1.0}, b"b") == 0.0


@DETERMINISTIC
@given(lists)
def test_the_gap_is_the_distance_of_the_two_best(reference: dict[bytes, float]) -> None:
    if len(reference) < 2:
        assert gap(reference) is None
        return
    second, first = np.partition(list(reference.values()), -2)[-2:]
    assert gap(reference) == first - second


def test_one_token_or_none_has_no_gap() -> None:
    assert gap({}) is None
    assert gap({b"a": -0.1}) is None
