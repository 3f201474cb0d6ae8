"""Each check of behaviour finds what it is meant to find, and nothing that is another's.

Real gateways of the lab on real sockets, before a real HTTP server whose made-up model obeys everything: once
as the lab breaks it, and once or more broken otherwise, in ways that no check was written for. Every check of
behaviour is asked about every one of them, and so is the count of prompt tokens, which is as old as weights.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.verifier.everyday import Everyday, asked, remembered
from tests.verifier.lab.gateways.toy import VOCABULARY
from tests.verifier.meant import FOUND, MEANT
from tests.verifier.small_world import SUITE, first_answers
from tests.verifier.synthetic_server import Server as Model
from tests.verifier.synthetic_server import serving
from verifier.checks.base import Finding, Outcome
from verifier.checks.session import Capabilities, Session, Settings
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.lab.deployment import Access
from verifier.lab.gateway import Gateway
from verifier.lab.gateways import ONE_SERVER, PASS
from verifier.lab.gateways.base import Answer, Behaviour, Request, Server, Upstream, refusal
from verifier.lab.gateways.cut_prompt import CutPrompt
from verifier.lab.gateways.false_usage import FalseUsage
from verifier.lab.gateways.fence import Fence
from verifier.lab.gateways.only_reasoning import OnlyReasoning
from verifier.lab.gateways.slow import Slow
from verifier.lab.gateways.unavailable import Unavailable
from verifier.runner import MemoryStore, drive
from verifier.scoring.speed import first_token

Broken = Callable[[Upstream], Behaviour]
QUICK = Limits(concurrency=8, backoff=0.001, backoff_max=0.01)


class Changed:
    """A gateway that changes the request, the answer, or both, for one test."""

    def __init__(
        self,
        official: Upstream,
        request: Callable[[Request], Request] = lambda request: request,
        answer: Callable[[Answer], Answer] = lambda answer: answer,
    ) -> None:
        self._official, self._request, self._answer = official, request, answer

    async def answer(self, request: Request) -> Answer:
        changed = self._request(request)
        return self._answer(await self._official.ask(changed.path, changed.body))


def forced(**parameters: Any) -> Broken:
    return lambda first: Changed(first, lambda request: request.having(**parameters))


def answering(change: Callable[[Answer], Answer]) -> Broken:
    return lambda first: Changed(first, answer=change)


def stops_only_at_a_string(request: Request) -> Request:
    return request.without("stop") if isinstance(request.body.get("stop"), list) else request


def format_only_in_name(request: Request) -> Request:
    """A schema is taken for any object."""
    wanted = request.body.get("response_format") or {}
    loose = {"type": "json_object"}
    return request.having(response_format=loose) if wanted.get("type") == "json_schema" else request


def tools_if_one(request: Request) -> Request:
    """A host whose template has room for no more than one tool."""
    return request.without("tools", "tool_choice") if len(request.body.get("tools", ())) > 1 else request


def without_middle(request: Request) -> Request:
    """A long question loses its middle: the first 3,000 and the last 300 characters are read."""
    *before, last = request.messages
    text = last.get("content")
    if not isinstance(text, str) or len(text) <= 3300:
        return request
    return request.having(messages=[*before, {**last, "content": f"{text[:3000]} {text[-300:]}"}])


def without_end(answer: Answer) -> Answer:
    """Of texts only: by its end a call is known."""
    choices = [
        {**choice, "finish_reason": None} if choice["message"].get("content") else choice
        for choice in answer.body.get("choices", ())
    ]
    return replace(answer, body={**answer.body, "choices": choices}) if choices else answer


def as_server_error(answer: Answer) -> Answer:
    return answer if answer.ok else Answer(500, answer.body)


def in_words(answer: Answer) -> Answer:
    return answer if answer.ok else Answer(200, {"error": "Sorry, that did not work."})


class Bare:
    """A host of plain chat: it refuses tools and formats, as many do."""

    def __init__(self, official: Upstream) -> None:
        self._official = official

    async def answer(self, request: Request) -> Answer:
        for name in ("tools", "response_format"):
            if name in request.body:
                return refusal(400, f"Unrecognized request argument supplied: {name}", name)
        return await self._official.ask(request.path, request.body)


def quickly(first: Upstream) -> Behaviour:
    """Slow, but not for the tests."""
    return Slow(first, 0.05)


@dataclass(frozen=True)
class Row:
    """A deployment and who is meant to find it."""

    name: str
    gateway: Broken
    meant: frozenset[str]


OTHERWISE: Mapping[str, Mapping[str, Broken]] = {
    "no-tools": {"more than one": lambda first: Changed(first, tools_if_one)},
    "fence": {
        "tildes": lambda first: Fence(first, "~~~\n", "\n~~~"),
        "said first": lambda first: Fence(first, "Here you are: ", ""),
    },
    "no-stop": {"a string only": lambda first: Changed(first, stops_only_at_a_string)},
    "no-temperature": {
        "0.6": forced(temperature=0.6),
        "0": forced(temperature=0.0),
        "1.3": forced(temperature=1.3),
    },
    "no-format": {"loose": lambda first: Changed(first, format_only_in_name)},
    "more-prompt": {
        "3": lambda first: FalseUsage(first, prompt=3),
        "400": lambda first: FalseUsage(first, prompt=400),
    },
    "false-usage": {
        "2.2": lambda first: FalseUsage(first, factor=2.2),
        "1.3": lambda first: FalseUsage(first, factor=1.3),
    },
    "cut-prompt": {
        "700": lambda first: CutPrompt(first, 700),
        "its middle": lambda first: Changed(first, without_middle),
    },
    "only-reasoning": {"another field": lambda first: OnlyReasoning(first, "reasoning")},
    "no-done": {"no end": answering(without_end)},
    "errors-as-ok": {"500": answering(as_server_error), "in words": answering(in_words)},
    "unavailable": {
        "15 %": lambda first: Unavailable(first, 0.15),
        "40 %": lambda first: Unavailable(first, 0.4),
    },
}
"""Others that break the same as the lab's own broken deployments, otherwise."""


def rows() -> Iterator[Row]:
    """The table, a row for each deployment."""
    for name, meant in MEANT.items():
        yield Row(name, quickly if name == "slow" else ONE_SERVER[name], meant)
        for how, gateway in OTHERWISE.get(name, {}).items():
            yield Row(f"{name}: {how}", gateway, meant)


ROWS = tuple(rows())


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with serving(Everyday()) as served:
        yield served


def outcomes(
    model: Model,
    gateway: Broken,
    session: Session | None = None,
    access: Access = Access(),  # noqa: B008
) -> Mapping[str, Finding]:
    """What all checks of behaviour find of a deployment, over real sockets."""
    asking = session or remembering()

    async def run() -> dict[str, Finding]:
        behind = gateway(Server(int(model.server_address[1])))
        door = await Gateway(behind, access, VOCABULARY, "toy").start(0)
        target = Target(f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}/v1", "toy")
        policy = EgressPolicy(allow_loopback=True)
        async with Client(target, policy=policy, limits=QUICK) as client:
            found = await drive(asked(asking), client.ask, MemoryStore(), concurrency=8)
        door.close()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        return found

    return asyncio.run(run())


def remembering() -> Session:
    """The memory of a run of the plan `core`."""
    session = Session(SUITE, remembered(first_answers()), Settings(plan="core"))
    session.capabilities = Capabilities(True, 5, None, "told")
    return session


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_is_found_by_the_check_meant_for_it_and_by_no_other(model: Model, row: Row) -> None:
    found = outcomes(model, row.gateway)
    finders = {name: one.cause for name, one in found.items() if one.outcome in FOUND}
    assert finders.keys() == row.meant, finders
    if row.name == PASS:
        passed = {name for name, one in found.items() if one.outcome is Outcome.PASS}
        assert passed >= {name for other in ROWS for name in other.meant}, "each of them was able to fail"


def test_a_slow_first_token_is_told_by_the_speed_of_the_run(model: Model) -> None:
    session = remembering()
    outcomes(model, lambda first: Slow(first, 0.1), session)
    told = first_token(session.observations.values())
    assert told is not None
    assert told["p50"] >= 100


def test_what_an_endpoint_does_not_offer_is_unsupported_and_no_failure(model: Model) -> None:
    """Neither tools nor formats, logprobs, or raw text."""
    session = remembering()
    session.capabilities = Capabilities(True, 0, None, "told")
    found = outcomes(model, Bare, session, Access(top_logprobs=0, completions=False))
    assert not {name: one.cause for name, one in found.items() if one.outcome in FOUND}
    withheld = {name for name, one in found.items() if one.outcome is Outcome.UNSUPPORTED}
    assert withheld >= {"tool_trigger", "tool_schema", "tool_choice", "structured_output"}
    passed = {name for name, one in found.items() if one.outcome is Outcome.PASS}
    assert passed >= {"parameters", "streaming", "usage", "errors", "reliability", "answer_integrity"}
