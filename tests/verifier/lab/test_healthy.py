"""A healthy llama.cpp server, with all that it does not offer, fails no check of how parameters, formats,
streams, counts and errors are handled; nor does it behind a gateway that only passes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator, Sequence

import pytest

from tests.verifier.engine import asking
from verifier.checks.base import Ask, Finding, Observation, Outcome
from verifier.checks.registry import discover
from verifier.checks.session import Session
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.lab.serve import Lab, serving
from verifier.lab.source import MODEL
from verifier.runner import MemoryStore, drive

CHECKS = ("parameters", "structured_output", "streaming", "usage", "errors", "reliability")
PATIENT = Limits(concurrency=2, deadline=120, patience=360, first_token=100, inter_token=60)
HONEST = ("bf16-flash", "open-top5")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with serving(HONEST) as served:
        yield served


def asked(session: Session) -> Generator[Ask, Sequence[Observation], dict[str, Finding]]:
    found = {}
    for check, _ in discover():
        if check.name in CHECKS:
            found[check.name] = yield from check.run(session)
    return found


def found(url: str, seed: int) -> dict[str, Finding]:
    """What the checks find in a run of the plan `smoke`; without a reference nothing is excused."""

    async def run() -> dict[str, Finding]:
        policy = EgressPolicy(allow_loopback=True)
        async with Client(Target(url, MODEL), policy=policy, limits=PATIENT) as client:
            session = asking(k=5, seed=seed, plan="smoke")
            return await drive(asked(session), client.ask, MemoryStore(), concurrency=2)

    return asyncio.run(run())


@pytest.mark.parametrize(("name", "seed", "n"), [("bf16-flash", 0, "refused"), ("open-top5", 1, "obeyed")])
def test_it_fails_nothing(lab: Lab, name: str, seed: int, n: str) -> None:
    """llama.cpp gives as many choices as it has slots."""
    told = found(lab[name], seed)
    assert not {check: one.cause for check, one in told.items() if one.outcome is Outcome.FAIL}
    assert told["parameters"].outcome is Outcome.PASS
    assert told["parameters"].details["parameters"]["n"] == n
    for check in ("streaming", "usage", "errors"):
        assert told[check].outcome is Outcome.PASS, told[check]
