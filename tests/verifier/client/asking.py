"""A client set up for tests: short limits, no waiting between retries, loopback allowed by port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.verifier.client.hostile import Behaviour, Server, serving
from verifier.checks.base import Observation, Probe, Purpose
from verifier.client.budget import Budget
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client, Surroundings
from verifier.client.target import Target

KEY = "sk-CANARY-0123456789abcdefghijklmnop"
QUICK = Limits(
    deadline=3.0, patience=10.0, connect=2.0, first_token=2.0, inter_token=2.0, retries=2, backoff=0.01
)
"""Long enough for a busy machine; tests that wait for a timeout shorten what they wait for."""
CHAT = {"messages": [{"role": "user", "content": "The capital of France is"}], "max_tokens": 1}


def chat_probe(**body: Any) -> Probe:
    return Probe(
        "p1", "chat/completions", {**CHAT, "logprobs": True, "top_logprobs": 2, **body}, Purpose.DECISION
    )


def text_probe(**body: Any) -> Probe:
    body = {"prompt": "The capital of France is", "max_tokens": 1, "logprobs": 2, **body}
    return Probe("p1", "completions", body, Purpose.DECISION)


def client(
    server: Server,
    *,
    limits: Limits = QUICK,
    budget: Budget | None = None,
    surroundings: Surroundings | None = None,
    key: str | None = KEY,
) -> Client:
    return Client(
        Target(server.base_url, "a-model", key),
        policy=EgressPolicy(allow=frozenset({server.address})),
        limits=limits,
        budget=budget,
        surroundings=surroundings,
    )


@asynccontextmanager
async def asking(
    behaviour: Behaviour, *, key: str | None = KEY, budget: Budget | None = None, **limits: Any
) -> AsyncIterator[tuple[Client, Server]]:
    """A server with the behaviour, and a client to it."""
    async with (
        serving(behaviour) as server,
        client(server, key=key, budget=budget, limits=replace(QUICK, **limits)) as asked,
    ):
        yield asked, server


async def ask(behaviour: Behaviour, probe: Probe | None = None, **changes: Any) -> Observation:
    """What one probe of a server with the behaviour gives."""
    async with asking(behaviour, **changes) as (asked, _):
        return await asked.ask(probe or chat_probe())


def names(table: Mapping[str, Any]) -> list[str]:
    return sorted(table)
