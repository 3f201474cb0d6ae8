from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tests.verifier.client.documents import MUTANTS
from tests.verifier.client.hostile import chat
from verifier.checks.base import Answer, Fault, ToolCall
from verifier.client.chat import chat_delta, parse_chat
from verifier.client.faults import Failure


@given(MUTANTS)
def test_any_document_is_an_answer_or_a_failure(document: Any) -> None:
    try:
        answer = parse_chat(document)
    except Failure:
        return
    assert isinstance(answer, Answer)
    assert isinstance(answer.text, str)
    for position in answer.positions or ():
        assert position.logprob <= 0
        assert all(token.logprob <= 0 for token in position.top)
        assert [t.logprob for t in position.top] == sorted((t.logprob for t in position.top), reverse=True)


def test_a_tool_call_has_the_empty_text() -> None:
    assert parse_chat(chat(content=None)).text == ""


def test_what_is_optional_may_be_absent() -> None:
    assert parse_chat({"choices": [{"message": {"content": "hello"}}]}) == Answer("hello")


def test_an_error_object_is_its_own_failure() -> None:
    with pytest.raises(Failure) as failed:
        parse_chat({"error": {"message": "no such model", "code": 404}})

    assert failed.value.fault is Fault.REJECTED
    assert "no such model" in failed.value.detail


def test_the_piece_of_an_event() -> None:
    assert chat_delta({"delta": {"content": "a"}}) == {"content": "a"}
    assert chat_delta({}) == chat_delta({"delta": None}) == {}
    with pytest.raises(Failure):
        chat_delta({"delta": "a"})


def test_calls_reasoning_and_further_choices_are_kept() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    message = {"content": None, "reasoning_content": "I need a tool.", "tool_calls": [call]}
    choices = [{"message": message, "finish_reason": "tool_calls"}, {"message": {"content": "b"}}]

    answer = parse_chat({"choices": choices})

    assert answer.tool_calls == (ToolCall("c1", "weather", '{"city": "Oslo"}'),)
    assert answer.reasoning == "I need a tool."
    assert answer.others == ("b",)
