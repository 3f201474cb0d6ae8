"""Against a real server of a real model: llama.cpp's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from verifier.checks.base import Answer, Observation, Probe, Purpose
from verifier.client.egress import EgressPolicy
from verifier.client.session import Client
from verifier.client.target import Target

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
CHAT = {
    "messages": [{"role": "user", "content": "What is the capital of France?"}],
    "max_tokens": 4,
    "temperature": 0,
    "logprobs": True,
    "top_logprobs": 20,
}
TEXT = {"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0, "logprobs": 5}


@pytest.fixture
def base_url(lab: Callable[..., dict[str, str]]) -> str:
    return lab("reference")["reference"]


async def ask(base_url: str, api: str, *bodies: dict[str, object]) -> list[Observation]:
    async with Client(Target(base_url, MODEL), policy=EgressPolicy(allow_loopback=True)) as client:
        return [await client.ask(Probe("p", api, body, Purpose.DECISION)) for body in bodies]


def answer(observation: Observation) -> Answer:
    assert observation.ok, observation.detail
    assert observation.answer is not None
    return observation.answer


async def test_chat_with_logprobs(base_url: str) -> None:
    (observation,) = await ask(base_url, "chat/completions", CHAT)

    found = answer(observation)
    assert found.positions is not None
    assert b"".join(position.token for position in found.positions).decode() == found.text
    assert [len(position.top) for position in found.positions] == [20] * 4
    assert found.completion_tokens == 4
    assert found.model == MODEL


async def test_a_stream_is_the_same_answer_and_the_next_request_succeeds(base_url: str) -> None:
    usage = {"stream_options": {"include_usage": True}}
    observations = await ask(
        base_url, "chat/completions", CHAT, CHAT, {**CHAT, "stream": True, **usage}, CHAT
    )
    _, whole, streamed, after = map(answer, observations)

    assert replace(streamed, streamed=None) == whole == after
    assert streamed.streamed is not None
    assert (streamed.streamed.done, streamed.streamed.usage) == (True, True)
    assert observations[2].first_token is not None


async def test_text_completions_in_the_chat_shape(base_url: str) -> None:
    whole, streamed = map(answer, await ask(base_url, "completions", TEXT, {**TEXT, "stream": True}))

    for found in (whole, streamed):
        assert found.positions is not None
        assert [len(position.top) for position in found.positions] == [5] * 4
    assert whole.text == streamed.text


async def test_without_logprobs(base_url: str) -> None:
    plain = {name: value for name, value in CHAT.items() if "logprobs" not in name}

    (observation,) = await ask(base_url, "chat/completions", plain)

    assert answer(observation).positions is None


async def test_what_it_refuses_is_unsupported(base_url: str) -> None:
    (observation,) = await ask(base_url, "chat/completions", {**CHAT, "n": 2})

    assert observation.status.value == "unsupported"
    assert observation.detail.startswith("HTTP 400: ")


async def test_many_at_once(base_url: str) -> None:
    async with Client(Target(base_url, MODEL), policy=EgressPolicy(allow_loopback=True)) as client:
        probe = Probe("p", "chat/completions", {**CHAT, "max_tokens": 1}, Purpose.DECISION)
        observations = await asyncio.gather(*(client.ask(probe) for _ in range(12)))

    assert all(observation.ok for observation in observations)
    assert client.budget.requests == client.budget.completion_tokens == 12
