"""What a chat message holds beside its text: tool calls, and the reasoning before the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verifier.checks.base import Fault, ToolCall
from verifier.client.faults import Failure, malformed

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Where endpoints put a thinking model's thoughts (DeepSeek, vLLM, SGLang; OpenRouter)."""
MAX_CALLS = 128
MAX_ARGUMENTS = 2**18
"""Characters of one call's arguments."""


def reasoning_of(message: Mapping[str, Any]) -> str:
    """The reasoning in a message or delta; "" where there is none."""
    for name in REASONING_FIELDS:
        value = message.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


@dataclass(slots=True)
class _Parts:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ToolCalls:
    """Tool calls put together from one message, or from the fragments of many deltas."""

    def __init__(self) -> None:
        self._parts: dict[int, _Parts] = {}

    def add(self, message: Mapping[str, Any]) -> bool:
        """Take the `tool_calls` of a message or delta; whether there were any.

        Raises:
            Failure: MALFORMED or TOO_LARGE.
        """
        calls = message.get("tool_calls")
        if calls is None:
            return False
        if not isinstance(calls, list):
            raise malformed("tool_calls is not a list.")
        for place, call in enumerate(calls):
            self._add(place, call)
        return bool(calls)

    def calls(self) -> tuple[ToolCall, ...]:
        """What was put together, in the order of their indexes."""
        return tuple(
            ToolCall(parts.id, parts.name, "".join(parts.arguments))
            for _, parts in sorted(self._parts.items())
        )

    def _add(self, place: int, call: Any) -> None:
        if not isinstance(call, Mapping):
            raise malformed("A tool call is not an object.")
        index = call.get("index", place)
        if type(index) is not int or not 0 <= index < MAX_CALLS:
            raise malformed("The index of a tool call is no small count.")
        function = call.get("function")
        if function is not None and not isinstance(function, Mapping):
            raise malformed("The function of a tool call is not an object.")
        parts = self._parts.setdefault(index, _Parts())
        parts.id = parts.id or _text(call, "id")
        if function is not None:
            parts.name += _text(function, "name")
            parts.arguments.append(_text(function, "arguments"))
        if sum(map(len, parts.arguments)) > MAX_ARGUMENTS:
            raise Failure(Fault.TOO_LARGE, "The arguments of a tool call are longer than any call needs.")


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise malformed(f"The {name} of a tool call is not a string.")
    return value
