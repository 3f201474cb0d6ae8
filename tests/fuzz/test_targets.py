"""Some of the inputs of `make fuzz`, in every test run."""

from __future__ import annotations

import json

import pytest

from tests.fuzz.inputs import EVENTS, WHOLE
from tests.fuzz.targets import batch, given_bytes, one_input


@pytest.mark.parametrize("thousand", range(4))
def test_every_input_is_an_answer_or_a_typed_failure(thousand: int) -> None:
    answers = sum(one_input(f"suite/{number}") for number in range(1000 * thousand, 1000 * (thousand + 1)))
    assert 50 < answers < 500  # neither all nonsense nor all well-behaved


@pytest.mark.parametrize("cut", [1, 4, 7, 63])
def test_bytes_as_they_are_find_their_parser(cut: int) -> None:
    stream = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in EVENTS) + b"data: [DONE]\n\n"
    answers = [given_bytes(bytes([way]) + json.dumps(WHOLE[0]).encode()) for way in range(4)]
    assert True in answers
    assert [given_bytes(bytes([4 * cut + way]) + stream) for way in range(4)].count(True) >= 1
    assert not given_bytes(b"")


def test_what_a_parser_raises_beside_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.targets.error_shape", lambda document: 1 // 0)
    _, broken = batch(1, 0, 100)
    assert 20 < len(broken) < 80
    assert {said for _, said in broken} == {"ZeroDivisionError('integer division or modulo by zero')"}
