from __future__ import annotations

import pytest

from tests.verifier.client.hostile import entry
from verifier.checks.base import Answer, Position, Token
from verifier.client.completions import completion_delta, parse_completion
from verifier.client.faults import Failure


def completion(logprobs: object = None, **changes: object) -> dict[str, object]:
    return {"choices": [{"text": " Paris", "finish_reason": "stop", "logprobs": logprobs}], **changes}


def test_the_completions_shape() -> None:
    logprobs = {
        "tokens": [" Paris", "."],
        "token_logprobs": [-0.1, -0.2],
        "top_logprobs": [{" Rome": -3, " Paris": -0.1, "x": -9999.0, "y": None}, None],
        "text_offset": [0, 6],
    }

    assert parse_completion(completion(logprobs)).positions == (
        Position(b" Paris", -0.1, (Token(b" Paris", -0.1), Token(b" Rome", -3.0))),
        Position(b".", -0.2, ()),
    )


def test_llama_cpp_answers_in_the_chat_shape() -> None:
    answer = parse_completion(completion({"content": [entry()]}))

    assert answer.positions is not None
    assert answer.positions[0].token == b" Paris"


def test_what_is_optional_may_be_absent() -> None:
    assert parse_completion({"choices": [{"text": "hello"}]}) == Answer("hello")


def test_a_chat_completion_is_none() -> None:
    with pytest.raises(Failure, match="has no text"):
        parse_completion({"choices": [{"message": {"content": "hello"}}]})


def test_the_piece_of_an_event() -> None:
    assert completion_delta({"text": "a"}) == {"content": "a"}
    assert completion_delta({"text": None}) == completion_delta({}) == {"content": None}
