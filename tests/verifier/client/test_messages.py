"""Tool calls whole and in fragments; reasoning under each of its names."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.checks.base import Fault, ToolCall
from verifier.client.faults import Failure
from verifier.client.messages import MAX_ARGUMENTS, ToolCalls, reasoning_of


def fragment(index: int, **function: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": function}]}


def test_fragments_are_put_together_by_index() -> None:
    calls = ToolCalls()
    opening = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
    calls.add({"tool_calls": [opening]})
    calls.add(fragment(1, name="g", arguments="{}"))
    calls.add(fragment(0, arguments='{"x"'))
    calls.add(fragment(0, arguments=": 1}"))
    assert not calls.add({"content": "no call"})
    assert calls.calls() == (ToolCall("a", "f", '{"x": 1}'), ToolCall("", "g", "{}"))


@pytest.mark.parametrize(
    "calls",
    [
        {},
        ["f"],
        [{"index": -1}],
        [{"index": True}],
        [{"index": 10**6}],
        [{"function": "f"}],
        [{"function": {"name": 3}}],
        [{"function": {"arguments": {"x": 1}}}],
    ],
)
def test_what_is_no_call_is_malformed(calls: Any) -> None:
    with pytest.raises(Failure) as failed:
        ToolCalls().add({"tool_calls": calls})
    assert failed.value.fault is Fault.MALFORMED


def test_endless_arguments_are_too_large() -> None:
    calls = ToolCalls()
    calls.add(fragment(0, arguments="x" * MAX_ARGUMENTS))
    with pytest.raises(Failure) as failed:
        calls.add(fragment(0, arguments="x"))
    assert failed.value.fault is Fault.TOO_LARGE


def test_reasoning_has_two_names() -> None:
    assert reasoning_of({"reasoning_content": "a"}) == reasoning_of({"reasoning": "a"}) == "a"
    assert reasoning_of({"reasoning": None}) == reasoning_of({"reasoning": {"effort": 1}}) == ""
