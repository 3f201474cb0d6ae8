"""An answer that is there whole, as the events of a stream.

Gateways get their answers whole from the server behind, because they may change them; a client that asked for
a stream is sent pieces all the same, in the shapes of the OpenAI API. Log-probabilities come with the first
piece.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from verifier.lab.gateways.base import Answer

_PIECE = re.compile(r"\s*\S+\s*$|\s*\S+|\s+$")
_FRAGMENT = 12
"""Characters of a tool call's arguments that are sent at once."""
_THOUGHTS = ("reasoning_content", "reasoning")


def is_asked(body: Mapping[str, Any]) -> bool:
    """Whether the request is for a stream."""
    return bool(body.get("stream"))


def events(answer: Answer, asked: Mapping[str, Any]) -> Iterator[bytes]:
    """The events of an answer, as bytes to send; `asked` is the body of the request."""
    head = {name: answer.body[name] for name in ("id", "created", "model") if name in answer.body}
    for choice in answer.body.get("choices", ()):
        place = {"index": choice.get("index", 0)}
        *pieces, last = _pieces(choice)
        for number, piece in enumerate([*pieces, last]):
            told = choice.get("logprobs")
            logprobs = {"logprobs": told} if told and number == min(1, len(pieces)) else {}
            yield _event(head, [{**place, **piece, **logprobs}])
    options = asked.get("stream_options")
    if isinstance(options, Mapping) and options.get("include_usage") and "usage" in answer.body:
        yield _event(head, [], usage=answer.body["usage"])
    if answer.done:
        yield b"data: [DONE]\n\n"


def _pieces(choice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    end = {"finish_reason": choice.get("finish_reason")}
    message = choice.get("message")
    if not isinstance(message, Mapping):
        for text in split(choice.get("text") or ""):
            yield {"text": text, "finish_reason": None}
        yield {"text": "", **end}
        return
    yield _delta({"role": "assistant", "content": ""})
    for name in (*_THOUGHTS, "content"):
        for text in split(message.get(name) or ""):
            yield _delta({name: text})
    for number, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        named = {**call, "index": number, "function": {"name": function["name"], "arguments": ""}}
        yield _delta({"tool_calls": [named]})
        arguments = function["arguments"]
        for start in range(0, len(arguments), _FRAGMENT):
            fragment = {"arguments": arguments[start : start + _FRAGMENT]}
            yield _delta({"tool_calls": [{"index": number, "function": fragment}]})
    yield {"delta": {}, **end}


def split(text: str) -> list[str]:
    """A text in pieces of a word each, which put together are the text."""
    return _PIECE.findall(text)


def _delta(delta: Mapping[str, Any]) -> dict[str, Any]:
    return {"delta": dict(delta), "finish_reason": None}


def _event(head: Mapping[str, Any], choices: list[dict[str, Any]], **more: Any) -> bytes:
    shape = "text_completion" if any("text" in choice for choice in choices) else "chat.completion.chunk"
    return b"data: " + json.dumps({**head, "object": shape, "choices": choices, **more}).encode() + b"\n\n"
