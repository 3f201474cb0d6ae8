"""Reading `chat/completions`: a whole answer, or one event of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Answer
from verifier.client.envelope import assemble, first_choice, label, other_choices, refuse_error, text_of
from verifier.client.faults import malformed
from verifier.client.logprobs import read_rows
from verifier.client.messages import ToolCalls, reasoning_of


def parse_chat(document: Any) -> Answer:
    """The answer in a parsed chat completion.

    Raises:
        Failure: MALFORMED when it is not one; the fault of an `error` object when it holds one.
    """
    document = refuse_error(document)
    choice = first_choice(document)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise malformed("The first choice has no message.")
    calls = ToolCalls()
    calls.add(message)
    return assemble(
        text_of(message.get("content")),
        read_rows(choice.get("logprobs")),
        finish_reason=label(choice, "finish_reason"),
        usage=document.get("usage"),
        model=label(document, "model"),
        system_fingerprint=label(document, "system_fingerprint"),
        tool_calls=calls.calls(),
        reasoning=reasoning_of(message),
        others=tuple(_text(choice) for choice in other_choices(document)),
    )


def _text(choice: Mapping[str, Any]) -> str:
    message = choice.get("message")
    return text_of(message.get("content")) if isinstance(message, Mapping) else ""


def chat_delta(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a choice of one event adds to the message."""
    delta = choice.get("delta")
    if delta is None:
        return {}
    if not isinstance(delta, Mapping):
        raise malformed("The delta of an event is not an object.")
    return delta
