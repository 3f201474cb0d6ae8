from __future__ import annotations

import math

import pytest

from verifier.checks.base import Answer, Observation, Position, Status, Token
from verifier.evidence.agreement import agreement


def seen(key: str, **probabilities: float) -> Observation:
    top = tuple(Token(name.encode(), math.log(p)) for name, p in probabilities.items())
    return Observation(key, Status.OK, Answer("x", (Position(b"a", -0.1, top),)))


def by_key(*observations: Observation) -> dict[str, Observation]:
    return {one.key: one for one in observations}


def test_the_same_answers_agree_wholly() -> None:
    known = by_key(seen("p", a=0.7, b=0.2), seen("q", a=0.5, c=0.4))
    found = agreement(known, known)
    assert (found.asked, found.shared, found.same_choice, found.difference) == (2, 2, 2, 0.0)


def test_what_differs_is_half_the_difference_of_the_listed_probabilities() -> None:
    found = agreement(by_key(seen("p", a=0.7, b=0.2)), by_key(seen("p", b=0.6, c=0.3)))
    assert (found.shared, found.same_choice) == (1, 0)
    assert found.difference == pytest.approx((0.7 + 0.4 + 0.3) / 2)


def test_what_only_one_answered_is_not_compared() -> None:
    text = Observation("p", Status.OK, Answer("x"))
    found = agreement(by_key(seen("p", a=0.7)), by_key(text, seen("q", a=0.7)))
    assert (found.asked, found.shared, found.difference) == (2, 0, None)
