"""An engine that obeys everything before a model that knows what assistants are asked; and its baseline.

For tests that put every check of behaviour to one endpoint.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from tests.verifier.engine import Behaving, is_bad
from tests.verifier.small_world import SUITE
from tests.verifier.synthetic import converse
from tests.verifier.talker import Talker
from verifier.baseline.model import Baseline, ContextType
from verifier.checks.asking import context_probe
from verifier.checks.base import Ask, Finding, Observation, Probe, Purpose
from verifier.checks.recording import Recorder
from verifier.checks.registry import Check, discover
from verifier.checks.session import Session
from verifier.contracts import contract_for
from verifier.suites.cases import items, openings, tool_cases

PLAIN = 8
"""Prompts whose tokens are counted."""


class Everyday(Behaving):
    """An engine that obeys everything, whose model also knows the answers to what is asked of assistants."""

    talker = Talker()
    questions = (
        *(case.messages[-1]["content"] for case in tool_cases()),
        *(opening.messages[-1]["content"] for opening in openings()),
        *(item.question for item in items()),
        "What is the code of the ",
    )

    def ask(self, probe: Probe) -> Observation:
        if not is_bad(probe.body) and "messages" in probe.body:
            said = probe.body["messages"][-1]["content"]
            if any(question in said for question in self.questions):
                return self.talker.ask(probe)
        return super().ask(probe)


def behaviour() -> list[Check]:
    """Every check of behaviour, and the count of prompt tokens."""
    return [check for check, _ in discover() if check.behaviour or check.name == "prompt_tokens"]


def asked(session: Session) -> Generator[Ask, Sequence[Observation], dict[str, Finding]]:
    """What each check of behaviour finds in one run, which asks a few plain prompts first."""
    first = [c for c in session.baseline.contexts if c.type is ContextType.FIRST_TOKEN][:PLAIN]
    probes = [context_probe(c, session.prompts[c.prompt_id], None, 5, Purpose.DECISION) for c in first]
    yield from session.ask(probes, "plain prompts", 0)
    found = {}
    for check in behaviour():
        found[check.name] = yield from check.run(session)
    return found


@cache
def recorded_behaviour() -> Mapping[str, Mapping[str, Any]]:
    """What the healthy engine answered to every check of behaviour when the baseline was recorded."""
    recorder = Recorder(SUITE, contract_for("toy"), 0)
    return {
        check.name: converse(check.record(recorder), Everyday())
        for check in behaviour()
        if check.record is not None
    }


def remembered(known: Baseline) -> Baseline:
    """The same baseline, with behaviour."""
    return replace(known, behaviour=recorded_behaviour())
