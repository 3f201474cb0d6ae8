from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.client.asking import QUICK
from tests.verifier.client.documents import MUTANTS
from tests.verifier.client.hostile import chat, entry, event, sse
from verifier.checks.base import Answer, Fault, Streamed, ToolCall
from verifier.client.chat import chat_delta, parse_chat
from verifier.client.completions import completion_delta
from verifier.client.faults import Failure
from verifier.client.stream import Reassembly, read_stream


def reassembled(*documents: dict[str, Any] | str, done: bool = True) -> Answer:
    parts = Reassembly(chat_delta)
    for document in documents:
        parts.add(document.encode() if isinstance(document, str) else json.dumps(document).encode())
    if done:
        parts.add(b"[DONE]")
    return parts.answer()


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1), min_size=1
    )
)
def test_a_stream_is_the_answer_it_would_have_been(pieces: list[str]) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": len(pieces)}
    whole = chat(
        content="".join(pieces),
        logprobs={"content": [entry(piece) for piece in pieces]},
        usage=usage,
        system_fingerprint=None,
    )
    events = [event(piece) for piece in pieces]

    streamed = reassembled(*events, event("", finish="length"), {"choices": [], "usage": usage})

    assert replace(streamed, streamed=None) == parse_chat(json.loads(json.dumps(whole)))
    assert streamed.streamed == Streamed(len(pieces) + 2, len(pieces), done=True, usage=True)


@given(MUTANTS)
def test_any_event_is_taken_or_a_failure(document: Any) -> None:
    parts = Reassembly(chat_delta)
    with suppress(Failure):
        parts.add(json.dumps(document).encode())
        parts.add(b"[DONE]")
        assert isinstance(parts.answer(), Answer)


def test_marks_are_undone_over_the_whole_stream() -> None:
    bare = [{"token": token, "logprob": -0.1} for token in ("Paris", "Ġis", "Ãł")]
    events = [event(choices=[{"index": 0, "logprobs": {"content": [one]}}]) for one in bare]

    answer = reassembled(*events)

    assert answer.positions is not None
    assert [position.token for position in answer.positions] == [b"Paris", b" is", "à".encode()]


def test_further_choices_are_kept_apart() -> None:
    events = [
        event(choices=[{"index": i, "delta": {"content": text}}])
        for i, text in ((0, "a"), (1, "b"), (0, "c"), (2, "d"))
    ]

    answer = reassembled(*events)

    assert (answer.text, answer.others) == ("ac", ("b", "d"))


def test_calls_and_reasoning_come_in_fragments() -> None:
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "reasoning_content": "I need "},
        {"reasoning_content": "a tool."},
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]},
    ]
    events = [event(choices=[{"index": 0, "delta": delta}]) for delta in deltas]

    answer = reassembled(*events, event("", finish="tool_calls"))

    assert answer.tool_calls == (ToolCall("c1", "weather", '{"city": "Oslo"}'),)
    assert answer.reasoning == "I need a tool."
    assert answer.streamed is not None
    assert answer.streamed.pieces == 5


def test_text_completions() -> None:
    parts = Reassembly(completion_delta)
    parts.add(json.dumps({"choices": [{"index": 0, "text": "Par"}]}).encode())
    parts.add(json.dumps({"choices": [{"index": 0, "text": "is", "finish_reason": "stop"}]}).encode())

    streamed = Streamed(2, 2, done=False, usage=False, first=0.1, last=0.2)
    assert parts.answer(0.1, 0.2) == Answer("Paris", finish_reason="stop", streamed=streamed)


def test_a_cut_off_stream_is_truncated() -> None:
    with pytest.raises(Failure) as cut:
        reassembled(event(), done=False)

    assert cut.value.fault is Fault.TRUNCATED


def test_a_stream_of_logprobs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.client.stream.MAX_ENTRIES", 5999)
    many = event(choices=[{"index": 0, "logprobs": {"content": [entry()] * 200}}])

    with pytest.raises(Failure) as refused:
        reassembled(*[many] * 10)

    assert refused.value.fault is Fault.TOO_LARGE


async def slowly(*chunks: bytes, pause: float) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(pause)


async def test_silence_before_and_between_events_is_a_timeout() -> None:
    limits = replace(QUICK, first_token=0.05, inter_token=0.05)
    tokens = [sse(event(), done=False)] * 20
    started = asyncio.get_running_loop().time()

    with pytest.raises(Failure, match=r"silent for 0\.05 s"):
        await read_stream(slowly(b": ping\n\n", *tokens, pause=0.2), chat_delta, limits, started)
    with pytest.raises(Failure, match=r"silent for 0\.05 s"):
        await read_stream(slowly(*tokens, pause=0.2), chat_delta, replace(limits, first_token=5), started)


async def test_a_slow_but_steady_stream_is_read_to_its_end() -> None:
    limits = replace(QUICK, first_token=1, inter_token=1)
    tokens = [sse(event("a"), done=False)] * 20
    started = asyncio.get_running_loop().time()

    answer, first_token = await read_stream(
        slowly(*tokens, sse(event("", finish="stop")), pause=0.06), chat_delta, limits, started
    )

    assert answer.text == "a" * 20
    assert first_token is not None
    assert 0 <= first_token < 1


async def test_nothing_is_read_after_done() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield sse(event(finish="stop"))
        raise AssertionError("read on")

    answer, _ = await read_stream(chunks(), chat_delta, QUICK, asyncio.get_running_loop().time())

    assert answer.text == " Paris"
