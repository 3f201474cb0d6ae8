"""Gateways that break one thing that users feel: what each changes, and what it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.verifier.lab.gateways.toy import Recorder, chat
from verifier.lab.gateways import ONE_SERVER
from verifier.lab.gateways.base import Answer, Behaviour, Request, refusal
from verifier.lab.gateways.cut_prompt import LONGEST, CutPrompt
from verifier.lab.gateways.errors_as_ok import ErrorsAsOk
from verifier.lab.gateways.false_usage import FalseUsage
from verifier.lab.gateways.fence import Fence
from verifier.lab.gateways.no_done import NoDone
from verifier.lab.gateways.only_reasoning import OnlyReasoning
from verifier.lab.gateways.slow import SECONDS, Slow
from verifier.lab.gateways.unavailable import SHARE, Unavailable

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
USAGE = {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14, "details": {"cached": 1}}


class Saying:
    """A server with one answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self._answer


def said(**message: Any) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return Answer(200, {"choices": [choice], "usage": USAGE})


def answered(gateway: Behaviour, request: Request | None = None) -> Answer:
    return asyncio.run(gateway.answer(request or chat("Hi")))


def message(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = answer.body["choices"][0]["message"]
    return found


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("no-tools", {"tools": [CALL], "tool_choice": "required"}),
        ("no-stop", {"stop": ["x"]}),
        ("no-temperature", {"temperature": 0}),
        ("no-format", {"response_format": {"type": "json_object"}}),
    ],
)
def test_parameters_are_dropped_and_the_rest_is_passed_on(name: str, dropped: dict[str, Any]) -> None:
    upstream = Recorder()
    kept = Request("/v1/chat/completions", {"messages": [], "seed": 3})
    answered(ONE_SERVER[name](upstream), kept.having(**dropped))
    assert upstream.asked == [(kept.path, kept.body)]


def test_arguments_are_fenced_and_texts_are_not() -> None:
    call = message(answered(Fence(Saying(said(content=None, tool_calls=[CALL])))))["tool_calls"][0]
    assert call["function"] == {"name": "weather", "arguments": '```json\n{"city": "Oslo"}\n```'}
    assert message(answered(Fence(Saying(said(content="{}")))))["content"] == "{}"


class Tokenizing(Recorder):
    """A token for each word."""

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        if path == "/tokenize":
            return Answer(200, {"tokens": body["content"].split(" ")})
        if path == "/detokenize":
            return Answer(200, {"content": " ".join(body["tokens"])})
        return await super().ask(path, body)


def test_the_beginning_of_a_long_message_is_lost_and_short_ones_are_whole() -> None:
    upstream = Tokenizing()
    long = " ".join(f"w{n}" for n in range(LONGEST + 5))
    for content, kept in ((long, long.partition("w5 ")[2]), ("short", "short"), ("a" * 2000, "a" * 2000)):
        answered(CutPrompt(upstream), chat(content))
        left = upstream.asked[-1][1]["messages"][-1]["content"]
        assert left == (f"w5 {kept}" if content is long else kept)
    answered(CutPrompt(upstream, 3), chat("x y", "one two three four"))
    assert [one["content"] for one in upstream.asked[-1][1]["messages"]] == ["x y", "two three four"]


def test_counts_are_changed_and_their_sum_is_right() -> None:
    more = answered(FalseUsage(Saying(said(content="x")), prompt=37)).body["usage"]
    assert more == {**USAGE, "prompt_tokens": 42, "total_tokens": 51}
    more = answered(FalseUsage(Saying(said(content="x")), factor=1.5)).body["usage"]
    assert more == {**USAGE, "completion_tokens": 14, "total_tokens": 19}


def test_an_answer_may_be_moved_out_of_sight() -> None:
    assert message(answered(OnlyReasoning(Saying(said(content="x"))))) == {
        **{"role": "assistant", "content": None},
        "reasoning_content": "x",
    }
    empty = said(content=None, tool_calls=[CALL])
    assert answered(OnlyReasoning(Saying(empty))) == empty


def test_errors_may_come_as_answers() -> None:
    refused = refusal(400, "no")
    assert answered(ErrorsAsOk(Saying(refused))) == Answer(200, refused.body)
    assert answered(ErrorsAsOk(Saying(said(content="x")))) == said(content="x")


@pytest.mark.parametrize("gateway", [Fence, FalseUsage, OnlyReasoning, NoDone], ids=str)
def test_errors_are_passed_on(gateway: Any) -> None:
    refused = refusal(400, "no")
    assert answered(gateway(Saying(refused))).body == refused.body


def test_a_stream_may_lack_its_end() -> None:
    assert not answered(NoDone(Saying(said(content="x")))).done


def test_a_fifth_or_so_meets_a_503_and_repeats_may_not() -> None:
    gateway = Unavailable(Recorder())
    statuses = [answered(gateway).status for _ in range(400)]
    assert set(statuses) == {200, 503}
    assert abs(statuses.count(503) / 400 - SHARE) < 0.06


def test_an_answer_may_be_late() -> None:
    async def timed() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await Slow(Recorder(), 0.05).answer(chat("Hi"))
        return loop.time() - started

    assert asyncio.run(timed()) >= 0.05
    assert SECONDS >= 1
