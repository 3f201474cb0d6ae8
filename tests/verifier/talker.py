"""A made-up assistant in memory for the checks of behaviour: it knows their questions, and how right it is.

Another test double beside `synthetic.py`, whose model has distributions but nothing to say. It calls tools,
finds what a long prompt hides, does sums and thinks, all of it as well as its `skill`, and misbehaves on
request in the ways in which real endpoints do.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tests.verifier.small_world import SUITE, first_answers
from tests.verifier.synthetic import converse
from verifier.baseline.model import Baseline
from verifier.checks.base import (
    Answer,
    Dialogue,
    Fault,
    Finding,
    Observation,
    Probe,
    Status,
    Streamed,
    ToolCall,
)
from verifier.checks.recording import Recorder
from verifier.checks.registry import Check, discover
from verifier.checks.session import Session, Settings
from verifier.contracts import Contract, contract_for
from verifier.suites.cases import items, tool_cases

FIRST = {"get_weather": {"city": "Paris"}, "set_alarm": {"time": "06:45"}, "get_stock_price": {"ticker": "X"}}
GIVEN: Mapping[str, dict[str, Any]] = {
    **FIRST,
    "convert_currency": {"amount": 250, "from": "USD", "to": "EUR"},
    "send_email": {"to": ["ana@example.org"], "subject": "Lunch", "body": "Late."},
    "create_event": {"title": "Dentist", "start": "2026-03-14T09:30", "attendees": [{"name": "Maria"}]},
    "search_products": {"query": "rain jacket", "filters": {"max_price": 80, "in_stock": True}},
    "track_parcel": {"number": "QX48213907"},
    "set_thermostat": {"room": "bedroom", "degrees": 18},
    "book_table": {"restaurant": "Trattoria Blu", "people": 4, "time": "19:30"},
    "play_music": {"query": "Nina Simone", "speaker": "kitchen"},
    "run_sql": {"query": "SELECT count(*) FROM orders"},
}
"""Valid arguments for every tool."""


def chance(*parts: str) -> float:
    """A number in [0, 1) that these words always give."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:6]) / 2**48


def same(text: str) -> str:
    return text


@dataclass(eq=False)
class Talker:
    """One deployment of the assistant. Two with the same fields answer alike.

    `skill` is the share of questions that the weights are right on, `flips` the share on which this `stack`
    decides otherwise than the weights do.
    """

    skill: float = 1.0
    flips: float = 0.0
    stack: str = ""
    # Tools
    tools: str = "obeyed"
    """Or dropped, refused, or left in the text."""
    chooses: frozenset[str] = frozenset({"none", "required", "named"})
    """Values of `tool_choice` that it obeys."""
    refuses: frozenset[str] = frozenset()
    """Values of `tool_choice` that it refuses."""
    arguments: Callable[[str], str] = same
    streamed_arguments: Callable[[str], str] = same
    # Long prompts: how many of its last words it reads, and whether it counts only these
    window: int | None = None
    counts_all: bool = False
    refuses_above: int = 10**9
    # Thinking: whether it does, where the thoughts go, and whether it can be switched off
    thinks: bool = False
    leaks: bool = False
    loses_thoughts: bool = False
    always_thinks: bool = False
    only_reasoning: bool = False
    # Answers
    says: str = "Good day to you."
    # How it fails
    fault: Fault | None = None
    fails: float = 1.0
    attempts: int = 1
    asked: list[Probe] = field(default_factory=list)

    def ask(self, probe: Probe) -> Observation:
        """One observation, as the client would give it."""
        self.asked.append(probe)
        if self.fault is not None and chance("fails", self.stack, probe.key) < self.fails:
            return Observation(probe.key, self.fault.status, fault=self.fault, detail="The toy fails.")
        body = probe.body
        if body.get("tools") and (self.tools == "refused" or self._choice(body) in self.refuses):
            return Observation(probe.key, Status.UNSUPPORTED, fault=Fault.REJECTED, detail="No such thing.")
        words = len(str(body["messages"][-1]["content"]).split())
        if words > self.refuses_above:
            return Observation(probe.key, Status.UNSUPPORTED, fault=Fault.REJECTED, detail="Too long.")
        answer = self._thoughtful(body, self.answer(body))
        read = words if self.counts_all or self.window is None else min(words, self.window)
        answer = replace(answer, prompt_tokens=10 + read)
        if body.get("stream"):
            answer = replace(answer, streamed=Streamed(3, 2, True, True, 0.1, 0.2))
        return Observation(probe.key, Status.OK, answer, http_status=200, attempts=self.attempts)

    def answer(self, body: Mapping[str, Any]) -> Answer:
        """What it says to a chat request."""
        said = str(body["messages"][-1]["content"])
        calls = self._calls(body, said) if body.get("tools") and self.tools != "dropped" else ()
        if calls and self.tools == "in text":
            return self._said(f"<tool_call>{calls[0].arguments}</tool_call>")
        if calls:
            return replace(self._said(""), tool_calls=calls, finish_reason="tool_calls")
        return self._said(self._text(said))

    def right(self, *question: str) -> bool:
        """Whether the weights are right on a question, and this stack does not happen to decide otherwise."""
        right = chance("skill", *question) < self.skill
        return right is not (chance("flips", self.stack, *question) < self.flips)

    def _thoughtful(self, body: Mapping[str, Any], answer: Answer) -> Answer:
        """The answer with the thoughts before it."""
        if self.only_reasoning:
            return replace(answer, text="", reasoning=answer.text or "Hm.", tool_calls=())
        if not self.thinks or (body.get("think") is False and not self.always_thinks):
            return answer
        if self.leaks:
            return replace(answer, text=f"<think>Hm.</think>{answer.text}")
        return answer if self.loses_thoughts else replace(answer, reasoning="Hm.")

    def _text(self, said: str) -> str:
        asked = re.search(r"What is the code of the (\w+) locker", said)
        if asked:
            read = " ".join(said.split()[-self.window :]) if self.window else said
            found = re.search(rf"The code of the {asked[1]} locker is (\d+)", read)
            return found[1] if found and self.right(said[:200]) else "I cannot see it."
        item = next((item for item in items() if item.question in said), None)
        if item is not None:
            return item.answer if self.right(item.id) else "none of these"
        return self.says

    def _said(self, text: str) -> Answer:
        return Answer(text, finish_reason="stop", prompt_tokens=10, completion_tokens=len(text.split()))

    def _calls(self, body: Mapping[str, Any], said: str) -> tuple[ToolCall, ...]:
        case = next(case for case in tool_cases() if case.messages[-1]["content"] == said)
        name = case.tool
        if not self.right("calls", case.id):
            name = None if name else case.names[0]
        choice = self._choice(body)
        if choice in self.chooses:
            if choice == "none":
                name = None
            elif choice == "named":
                name = body["tool_choice"]["function"]["name"]
            elif choice == "required":
                name = name or case.names[0]
        if name is None:
            return ()
        text = self.arguments(json.dumps(GIVEN[name]))
        return (ToolCall("c1", name, self.streamed_arguments(text) if body.get("stream") else text),)

    @staticmethod
    def _choice(body: Mapping[str, Any]) -> str:
        choice = body.get("tool_choice", "auto")
        return choice if isinstance(choice, str) else "named"


def check_named(name: str) -> Check:
    return next(check for check, _ in discover() if check.name == name)


@cache
def recorded_from(reference: Talker, *names: str) -> Baseline:
    """A baseline that holds what `reference` answered to the checks called `names`."""
    return recorded_under(contract_for("toy"), reference, *names)


def recorded_under(contract: Contract, reference: Talker, *names: str) -> Baseline:
    """The same for a model whose makers promise what `contract` says."""
    recorder = Recorder(SUITE, contract, 0)
    found = {}
    for name in names:
        record = check_named(name).record
        assert record is not None
        found[name] = converse(record(recorder), reference)  # type: ignore[arg-type]
    return replace(first_answers(), behaviour=json.loads(json.dumps(found)))


REFERENCE = Talker()


def about(known: Baseline, contract: Contract | None = None, **settings: Any) -> Session:
    """A run's memory, of the plan `core` unless told otherwise."""
    session = Session(SUITE, known, Settings(**{"plan": "core", **settings}))
    session.contract = contract or session.contract
    return session


def judge(
    name: str,
    endpoint: Talker,
    reference: Talker = REFERENCE,
    session: Session | None = None,
    **settings: Any,
) -> Finding:
    """What the check called `name` finds of `endpoint`."""
    asking = session or about(recorded_from(reference, name), **settings)
    dialogue: Dialogue = check_named(name).run(asking)
    return converse(dialogue, endpoint)  # type: ignore[arg-type]
