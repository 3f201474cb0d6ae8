"""Whole answers as streams: put together again by the client's own reader, they are the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from verifier.checks.base import Answer as Read
from verifier.client.chat import chat_delta, parse_chat
from verifier.client.completions import completion_delta
from verifier.client.limits import Limits
from verifier.client.stream import Delta, read_stream
from verifier.lab import streaming
from verifier.lab.gateways.base import Answer

ENTRY = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo, Norway"}'},
}
USAGE = {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}
WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}


def chat(finish: str = "stop", **message: Any) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return Answer(200, {"model": "m", "choices": [choice], "usage": USAGE})


def read(answer: Answer, asked: Mapping[str, Any], delta: Delta = chat_delta) -> Read:
    async def sent() -> AsyncIterator[bytes]:
        for event in streaming.events(answer, asked):
            yield event

    async def put_together() -> Read:
        return (await read_stream(sent(), delta, Limits(), asyncio.get_running_loop().time()))[0]

    return asyncio.run(put_together())


@pytest.mark.parametrize(
    "answer",
    [
        chat(content="The keeper\n\n  climbed the stairs. "),
        chat(content="  "),
        chat(content=""),
        chat(content=None, reasoning_content="So, it is six times seven."),
        chat("tool_calls", content=None, tool_calls=[CALL, {**CALL, "id": "c2"}]),
    ],
    ids=str,
)
def test_a_stream_is_the_answer_in_pieces(answer: Answer) -> None:
    whole, together = parse_chat(answer.body), read(answer, WITH_USAGE)
    for part in ("text", "reasoning", "tool_calls", "finish_reason", "prompt_tokens", "completion_tokens"):
        assert getattr(together, part) == getattr(whole, part)
    assert together.streamed is not None
    assert (together.streamed.done, together.streamed.usage) == (True, True)


def test_words_come_one_by_one_and_logprobs_with_the_first() -> None:
    answer = chat(content="one two three")
    answer.body["choices"][0]["logprobs"] = {"content": [ENTRY] * 3}
    together = read(answer, {"stream": True})
    assert together.streamed is not None
    assert (together.streamed.pieces, together.streamed.usage) == (3, False)
    assert together.positions is not None
    assert len(together.positions) == 3


def test_raw_text_and_further_choices() -> None:
    raw = Answer(200, {"choices": [{"index": 0, "text": "in the sky", "finish_reason": "length"}]})
    assert read(raw, {"stream": True}, completion_delta).text == "in the sky"
    two = chat(content="first")
    second = {"index": 1, "message": {"content": "and second"}, "finish_reason": "stop"}
    two.body["choices"].append(second)
    together = read(two, {"stream": True})
    assert (together.text, together.others) == ("first", ("and second",))


def test_it_may_end_without_a_word() -> None:
    streamed = read(Answer(200, chat(content="x").body, done=False), {"stream": True}).streamed
    assert streamed is not None
    assert not streamed.done


@pytest.mark.parametrize("text", ["", " ", "a", " a", "a ", "a\n\n b  c\t", "日本 語"])
def test_pieces_put_together_are_the_text(text: str) -> None:
    assert "".join(streaming.split(text)) == text
