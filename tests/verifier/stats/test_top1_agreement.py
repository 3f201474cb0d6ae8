from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from verifier.stats.divergence import top_k
from verifier.stats.top1_agreement import best, top1_agreement

# Few tokens and few values, so that both agreement and ties come up.
lists = st.dictionaries(
    st.sampled_from([b"a", b"b", b"\xff"]), st.sampled_from([-0.5, -1.0, -2.0]), max_size=3
)


@DETERMINISTIC
@given(st.lists(st.tuples(lists, lists), max_size=12))
def test_it_is_the_share_of_equal_arg_max(pairs: list[tuple[dict[bytes, float], dict[bytes, float]]]) -> None:
    """Second source: numpy's arg-max over tokens in byte order, which takes the first of equals."""
    equal = []
    for q, p in pairs:
        if q and p:
            tokens = [sorted(side) for side in (q, p)]
            first, second = (
                names[int(np.argmax([side[name] for name in names]))]
                for names, side in zip(tokens, (q, p), strict=True)
            )
            equal.append(first == second)
    found = top1_agreement(pairs)
    if not equal:
        assert found is None
        return
    assert found == pytest.approx(np.mean(equal))
    assert top1_agreement((p, q) for q, p in pairs) == found


@DETERMINISTIC
@given(lists)
def test_the_best_is_the_first_of_the_top_k(logprobs: dict[bytes, float]) -> None:
    assert best(logprobs) == next(iter(top_k(logprobs, 1).listed), None)
    if logprobs:
        assert top1_agreement([(logprobs, dict(reversed(logprobs.items())))]) == 1.0


def test_one_of_three_and_a_list_without_tokens() -> None:
    a, b = {b"a": -0.1, b"b": -3.0}, {b"a": -3.0, b"b": -0.1}
    assert top1_agreement([(a, a), (a, b), (b, a), (a, {}), ({}, {})]) == pytest.approx(1 / 3)
    assert top1_agreement([]) is None
    assert best({b"a": -math.inf, b"b": -1.0}) == b"b"
