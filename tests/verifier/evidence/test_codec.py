from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC, observations, probes, tokens
from verifier.checks.base import Answer, Observation, Position, Probe, Status, Token
from verifier.evidence.codec import (
    observation_from_json,
    observation_to_json,
    probe_from_json,
    probe_to_json,
    tokens_from_json,
    tokens_to_json,
)

LISTED = (Token(b"\xc3\xa9", -0.1), Token(b"\xf0\x9f", -2.5))
ANSWERED = Observation(
    "p001/0", Status.OK, Answer("é", (Position(b"\xc3\xa9", -0.1, LISTED),), "length", 7, 1), http_status=200
)


def through_json(record: Any) -> Any:
    return json.loads(json.dumps(record, ensure_ascii=False))


@DETERMINISTIC
@given(observations)
def test_an_observation_comes_back_as_it_was(observation: Observation) -> None:
    assert observation_from_json(through_json(observation_to_json(observation))) == observation


@DETERMINISTIC
@given(probes)
def test_a_probe_comes_back_as_it_was(probe: Probe) -> None:
    assert probe_from_json(through_json(probe_to_json(probe))) == probe


@DETERMINISTIC
@given(st.lists(tokens, max_size=4).map(tuple))
def test_tokens_need_not_be_text_and_logprobs_lose_no_digit(listed: tuple[Token, ...]) -> None:
    assert tokens_from_json(through_json(tokens_to_json(listed))) == listed


def test_what_has_no_value_is_left_out_and_no_logprobs_are_not_an_empty_list() -> None:
    assert observation_to_json(Observation("k", Status.OK, Answer(""))) == {
        "key": "k", "status": "ok", "attempts": 1, "answer": {"text": ""},
    }  # fmt: skip
    empty = Observation("k", Status.OK, Answer("", ()))
    assert observation_from_json(observation_to_json(empty)) == empty


def change(path: str, value: Any) -> Any:
    record = through_json(observation_to_json(ANSWERED))
    *parents, last = path.split(".")
    place = record
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = value
    return record


DAMAGE = [
    ("key", 7),
    ("key", None),
    ("status", "fine"),
    ("status", None),
    ("fault", "none-such"),
    ("attempts", "1"),
    ("attempts", -1),
    ("attempts", 1.5),
    ("answer", None),
    ("answer", "text"),
    ("answer.text", None),
    ("answer.text", 3),
    ("answer.positions", 5),
    ("answer.prompt_tokens", "7"),
    ("answer.prompt_tokens", -7),
    ("answer.completion_tokens", True),
    ("answer.completion_tokens", math.nan),
    ("answer.positions.0.token", "xyz"),
    ("answer.positions.0.token", None),
    ("answer.positions.0.logprob", "a"),
    ("answer.positions.0.logprob", 0.5),
    ("answer.positions.0.logprob", math.nan),
    ("answer.positions.0.top.0.1", 1000.0),
    ("answer.positions.0.top.0.1", math.nan),
    ("answer.positions.0.top.0.1", -math.inf),
    ("answer.positions.0.top.0", ["61"]),
    ("answer.positions.0.top", None),
]


@pytest.mark.parametrize(("path", "value"), DAMAGE)
def test_what_the_client_could_not_have_written_is_refused(path: str, value: Any) -> None:
    """Evidence comes from strangers too: it must not end in a crash, or in a verdict."""
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        observation_from_json(change(path, value))


@pytest.mark.parametrize(
    "path", ["key", "status", "answer.text", "answer.positions.0.token", "answer.positions.0.top"]
)
def test_what_is_missing_is_refused(path: str) -> None:
    record = through_json(observation_to_json(ANSWERED))
    *parents, last = path.split(".")
    place = record
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    del place[last]
    with pytest.raises((KeyError, TypeError, ValueError)):
        observation_from_json(record)
