from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.verifier.client.asking import CHAT, KEY, QUICK, ask, asking, chat_probe, client, text_probe
from tests.verifier.client.behaviours import BEHAVIOURS
from tests.verifier.client.hostile import (
    Behaviour,
    Request,
    chat,
    chunk,
    event,
    raw,
    reply,
    serving,
    sse,
    status,
    stream_head,
)
from verifier.checks.base import Fault, Observation, Position, Probe, Purpose, Token
from verifier.client.budget import Budget
from verifier.client.session import Surroundings

GOOD = BEHAVIOURS["answers"]


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first request gets the first behaviour, and so on; the last one stays."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await behaviours[min(request.number, len(behaviours)) - 1](request, writer)

    return behave


class Waits:
    """Remembers waits instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_a_whole_answer() -> None:
    observation = await ask(GOOD)

    assert observation.key == "p1"
    assert observation.ok
    assert observation.http_status == 200
    assert observation.attempts == 1
    assert observation.elapsed is not None
    assert 0 < observation.elapsed < 1
    assert observation.first_token is None
    assert datetime.fromisoformat(observation.started_at).tzinfo is not None
    answer = observation.answer
    assert answer is not None
    assert answer.text == " Paris"
    assert answer.positions == (Position(b" Paris", -0.1, (Token(b" Paris", -0.1), Token(b" Rome", -3.0))),)
    assert answer.finish_reason == "length"
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 1)
    assert (answer.model, answer.system_fingerprint) == ("a-model", "fp_1")


async def test_a_streamed_answer_is_the_same_answer() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1}}
    data = sse(event(finish="length", system_fingerprint="fp_1"), usage)

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(stream_head() + b"".join(chunk(data[i : i + 1]) for i in range(len(data))))

    whole, streamed = await ask(GOOD), await ask(behave, chat_probe(stream=True))

    assert streamed.answer is not None
    assert replace(streamed.answer, streamed=None) == whole.answer
    assert streamed.answer.streamed is not None
    assert streamed.answer.streamed.done
    assert streamed.first_token is not None
    assert streamed.elapsed is not None
    assert 0 < streamed.first_token <= streamed.elapsed


async def test_logprobs_withheld_is_an_answer_without_positions() -> None:
    observation = await ask(BEHAVIOURS["answers-without-logprobs"])

    assert observation.ok
    assert observation.answer is not None
    assert observation.answer.positions is None


class TestRetries:
    @pytest.mark.parametrize(
        "name", ["429", "500", "503", "529", "closes", "resets", "error-in-200-with-502"]
    )
    async def test_what_may_pass_is_tried_again(self, name: str) -> None:
        budget = Budget()
        observation = await ask(in_turn(BEHAVIOURS[name], BEHAVIOURS[name], GOOD), budget=budget)

        assert observation.ok
        assert observation.attempts == budget.requests == 3

    @pytest.mark.parametrize("name", ["429", "500", "closes"])
    async def test_but_not_for_ever(self, name: str) -> None:
        async with asking(BEHAVIOURS[name]) as (asked, server):
            observation = await asked.ask(chat_probe())

        assert observation.attempts == len(server.requests) == 1 + QUICK.retries

    @pytest.mark.parametrize(
        "name", ["400", "401", "404", "422", "302", "html", "nan", "silent", "gigabyte-announced"]
    )
    async def test_what_would_only_repeat_is_not(self, name: str) -> None:
        limits: dict[str, Any] = {"deadline": 0.2} if name == "silent" else {}
        async with asking(BEHAVIOURS[name], **limits) as (asked, server):
            observation = await asked.ask(chat_probe())

        assert observation.attempts == len(server.requests) == 1

    @pytest.mark.parametrize(
        ("value", "low", "high"),
        [("7", 7, 7.02), ("0.5", 0.5, 0.52), ("-5", 0, 0.02), ("99999999", 30, 30.02), ("9" * 400, 30, 30.02),
         ("Fri, 31 Dec 9999 23:59:59 GMT", 30, 30.02), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0.02),
         ("soon", 0, 0.02)],
    )  # fmt: skip
    async def test_retry_after_is_heeded_and_clamped(self, value: str, low: float, high: float) -> None:
        waits = Waits()
        async with serving(in_turn(status(429, Retry_After=value), GOOD)) as server:
            around = Surroundings(sleep=waits)
            limits = type(QUICK)(backoff=0.01, patience=100)
            async with client(server, limits=limits, surroundings=around) as asked:
                assert (await asked.ask(chat_probe())).ok

        assert len(waits.seconds) == 1
        assert low <= waits.seconds[0] <= high

    async def test_a_wait_beyond_the_patience_is_not_begun(self) -> None:
        began = time.monotonic()
        observation = await ask(status(429, Retry_After="30"))

        assert observation.fault is Fault.RATE_LIMITED
        assert observation.attempts == 1
        assert time.monotonic() - began < 1

    async def test_a_stale_connection_is_one_free_retry(self) -> None:
        waits = Waits()
        async with (
            serving(in_turn(GOOD, BEHAVIOURS["closes"], GOOD)) as server,
            client(server, surroundings=Surroundings(sleep=waits)) as asked,
        ):
            first, second = await asked.ask(chat_probe()), await asked.ask(chat_probe())

        assert first.ok
        assert second.ok
        assert second.attempts == 2
        assert waits.seconds == []

    async def test_a_kept_alive_connection_that_speaks_nonsense_is_one_free_retry(self) -> None:
        nonsense = raw(b"0\r\n\r\n")
        async with asking(in_turn(GOOD, nonsense, GOOD)) as (asked, _):
            assert (await asked.ask(chat_probe())).ok
            assert (await asked.ask(chat_probe())).attempts == 2

    async def test_a_new_connection_that_speaks_nonsense_is_not_tried_again(self) -> None:
        observation = await ask(raw(b"0\r\n\r\n"))

        assert observation.fault is Fault.MALFORMED
        assert observation.attempts == 1


class TestBounds:
    async def test_the_concurrency_is_kept(self) -> None:
        here = most = 0

        async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
            nonlocal here, most
            here += 1
            most = max(most, here)
            await asyncio.sleep(0.02)
            here -= 1
            await GOOD(request, writer)

        async with asking(slow, concurrency=3) as (asked, server):
            observations = await asyncio.gather(*(asked.ask(chat_probe()) for _ in range(10)))

        assert all(observation.ok for observation in observations)
        assert most == 3
        assert server.connections <= 3

    async def test_the_budget_of_requests_counts_every_send(self) -> None:
        budget = Budget(max_requests=2)
        async with asking(BEHAVIOURS["500"], budget=budget) as (asked, server):
            observation = await asked.ask(chat_probe())
            another = await asked.ask(chat_probe())

        assert observation.fault is another.fault is Fault.BUDGET
        assert (observation.attempts, another.attempts) == (2, 0)
        assert len(server.requests) == 2
        assert observation.detail == "The budget of 2 requests is spent."

    async def test_the_budget_of_tokens_stops_sending(self) -> None:
        budget = Budget(max_tokens=16)
        async with asking(GOOD, budget=budget) as (asked, _):
            observations = [await asked.ask(chat_probe()) for _ in range(3)]

        assert [observation.fault for observation in observations] == [None, None, Fault.BUDGET]
        assert (budget.prompt_tokens, budget.completion_tokens) == (14, 2)

    async def test_tokens_that_the_server_does_not_count_are_booked_as_asked_for(self) -> None:
        budget = Budget()
        await ask(reply(chat(usage=None)), chat_probe(max_tokens=5), budget=budget)

        assert (budget.prompt_tokens, budget.completion_tokens) == (0, 5)

    async def test_cancelling_frees_the_slot_and_the_connection(self) -> None:
        async with asking(BEHAVIOURS["silent"], concurrency=1) as (asked, server):
            task = asyncio.create_task(asked.ask(chat_probe()))
            while not server.requests:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

            server.behaviour = GOOD
            assert (await asked.ask(chat_probe())).ok

    async def test_many_timeouts_leave_no_connection_behind(self) -> None:
        async with asking(BEHAVIOURS["silent"], concurrency=2, deadline=0.4) as (asked, server):
            observations = await asyncio.gather(*(asked.ask(chat_probe()) for _ in range(6)))
            assert {observation.fault for observation in observations} == {Fault.TIMEOUT}

            server.behaviour = GOOD
            assert all(o.ok for o in await asyncio.gather(*(asked.ask(chat_probe()) for _ in range(4))))


class TestOurOwnFailures:
    async def test_a_body_that_is_no_json_is_ours(self) -> None:
        observation = await ask(GOOD, chat_probe(temperature=float("nan")))

        self._is_ours(observation)

    async def test_an_api_that_is_none_is_ours(self) -> None:
        observation = await ask(GOOD, Probe("p1", "../admin", CHAT, Purpose.DECISION))

        self._is_ours(observation)
        assert observation.attempts == 0

    @pytest.mark.parametrize("key", ["sk-with\nnewline-in-it", "sk-with\x00nul-in-the-key"])
    async def test_a_key_that_fits_no_header_is_ours_and_not_shown(self, key: str) -> None:
        observation = await ask(GOOD, key=key)

        self._is_ours(observation)
        assert key[:8] not in repr(observation)

    async def test_a_key_with_a_line_end_from_its_file_works(self) -> None:
        async with asking(GOOD, key=f" {KEY}\n") as (asked, server):
            assert (await asked.ask(chat_probe())).ok

        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"

    def _is_ours(self, observation: Observation) -> None:
        assert observation.fault is Fault.INTERNAL
        assert observation.status.value == "error"
        assert observation.detail


class TestSecrets:
    PROBES: Sequence[tuple[str, Any]] = (
        ("echoes-key-in-error", chat_probe()),
        ("echoes-key-in-redirect", chat_probe()),
        ("echoes-key-in-answer", chat_probe()),
        ("echoes-key-in-stream", chat_probe(stream=True)),
    )

    @pytest.mark.parametrize(("name", "probe"), PROBES, ids=[name for name, _ in PROBES])
    async def test_an_echoed_key_is_kept_nowhere(self, name: str, probe: Probe) -> None:
        observation = await ask(BEHAVIOURS[name], probe)

        kept = repr(observation)
        assert "[redacted]" in kept
        assert not [KEY[i : i + 8] for i in range(len(KEY) - 8) if KEY[i : i + 8] in kept]
        spelt = b"".join(p.token for p in (observation.answer and observation.answer.positions) or ())
        assert KEY[:12].encode() not in spelt

    async def test_nothing_shows_it(self) -> None:
        async with asking(GOOD) as (asked, _):
            for thing in (asked, asked._target, asked._redact, asked._transport, asked.budget):
                assert KEY not in repr(thing)


async def test_text_completions() -> None:
    observation = await ask(BEHAVIOURS["text-completion"], text_probe())

    assert observation.answer is not None
    assert observation.answer.positions == (
        Position(b" Paris", -0.1, (Token(b" Paris", -0.1), Token(b" Rome", -3.0))),
    )
