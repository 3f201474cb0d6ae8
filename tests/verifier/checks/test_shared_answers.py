"""Checks share their answers: all of `core` together asks far less than its checks would one by one.

What a check costs by itself is what its finding rests on: the requests that it makes, and those of others
that it reads. Asked for it alone, they would be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.verifier.everyday import Everyday, remembered
from tests.verifier.small_world import HONEST, SUITE, baseline
from tests.verifier.synthetic import converse
from verifier.checks.registry import discover
from verifier.checks.session import Session, Settings
from verifier.suites.plans import plan

MOST = 0.6
CHECKS = {check.name: check for check, _ in discover()}
CORE = tuple(name for name, check in CHECKS.items() if not check.behaviour or plan("core").has(name))
LISTS = ("token_distribution",)
READS: Mapping[str, tuple[str, ...]] = {
    "greedy_choice": LISTS,
    "written_tokens": LISTS,
    "sampling": LISTS,
    "context_window": LISTS,
    "prompt_tokens": LISTS,
    "raw_text": LISTS,
    "pool_gap": LISTS,
    "routing": LISTS,
    "nearest_variant": LISTS,
    "usage": CORE[1 : CORE.index("usage")],
    "reliability": CORE[1 : CORE.index("reliability")],
}
"""Whose answers a check goes by, beside what the endpoint offers. `usage` counts the tokens of every answer
before it, `reliability` every request.
"""


@dataclass(frozen=True)
class Spent:
    requests: int
    tokens: int


def spent(*names: str) -> Spent:
    """What a run of the plan `core` with these checks alone asks of an honest endpoint."""
    session = Session(SUITE, remembered(baseline()), Settings(plan="core"))
    endpoint = Everyday(noise=HONEST, stack="x")
    for name in ("capabilities", *names):
        converse(CHECKS[name].run(session), endpoint)
    return Spent(session.requests, session.prompt_tokens + session.completion_tokens())


@pytest.fixture(scope="module")
def alone() -> Mapping[str, Spent]:
    """What each check of `core` takes by itself; where it only reads, what it reads."""
    lists = spent(*LISTS)
    return {
        name: lists if READS.get(name) == LISTS else spent(*READS.get(name, ()), name) for name in CORE[1:]
    }


def test_together_they_ask_at_most_six_tenths_of_what_each_takes_alone(alone: Mapping[str, Spent]) -> None:
    together = spent(*CORE[1:])
    assert together.requests <= MOST * sum(one.requests for one in alone.values())
    assert together.tokens <= MOST * sum(one.tokens for one in alone.values())
    others = [one for name, one in alone.items() if READS.get(name, LISTS) == LISTS]
    assert together.requests <= MOST * sum(one.requests for one in others), "whoever reads everything aside"


def test_what_two_checks_of_behaviour_ask_alike_is_asked_once(alone: Mapping[str, Spent]) -> None:
    offers = spent().requests
    for pair in (("tool_trigger", "tool_schema"), ("parameters", "streaming")):
        apart = sum(alone[name].requests - offers for name in pair)
        assert spent(*pair).requests - offers < apart, pair
