"""How often does a request succeed, at the first try and within retries?

Every request of the run counts but those that were meant to be refused. A request that is answered, or
refused with a reason, succeeded; one that met a server error, a broken answer, a cut connection or silence
did not, at first or at all. Being told to come back later (429) is counted apart: it may be the limit of our
key. Both shares are shown with Wilson's interval. It fails where even the upper end of the first is below
95 in 100, or some requests fail after three retries again and again; fewer failures are a warning. Costs no
request.
"""

from __future__ import annotations

from typing import Any

from verifier.checks.base import Dialogue, Fault, Finding, Observation, Outcome, Status, nothing_to_ask
from verifier.checks.errors import PREFIX
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import wilson

ENOUGH = 20
RELIABLE = 0.95
"""Share of requests that must succeed at the first try, as far as the interval can tell."""
TOLERATED = 1
"""Failures of a run that are nobody's habit."""


def run(session: Session) -> Dialogue:
    """Counts; see the module."""
    yield from nothing_to_ask()
    counted = [
        seen
        for key, seen in session.observations.items()
        if not session.probes[key].of_reference
        and not key.startswith(PREFIX)
        and seen.status is not Status.ERROR
    ]
    limited = sum(_limited(seen) for seen in counted)
    first = [seen for seen in counted if not _limited(seen)]
    once = wilson(sum(map(succeeded_at_once, first)), len(first)) if first else None
    if once is None or len(first) < ENOUGH:
        said = f"Only {len(first)} requests were made: too few to tell."
        return Finding(CHECK.name, CHECK.version, Outcome.INCONCLUSIVE, said, n=len(first))
    lost = sum(seen.status is Status.FAULTY for seen in first)
    within = wilson(len(first) - lost, len(first))
    assert within is not None
    details: dict[str, Any] = {
        "within_retries": {"value": within.value, "low": within.low, "high": within.high, "n": within.n},
        "lost": lost,
        "rate_limited": limited,
    }
    numbers = (once.value, once.low, once.high, once.n, "share at the first try", details)
    failed = len(first) - round(once.value * len(first))
    if once.high < RELIABLE or within.high < RELIABLE:
        said = (
            f"{failed} of {len(first)} requests failed at the first try, "
            f"{lost or 'none'} of them within three retries as well."
        )
        return Finding(CHECK.name, CHECK.version, Outcome.FAIL, said, *numbers)
    if failed > TOLERATED:
        said = f"{failed} of {len(first)} requests failed at the first try: too few to call it a habit."
        return Finding(CHECK.name, CHECK.version, Outcome.WARN, said, *numbers)
    said = f"{len(first) - failed} of {len(first)} requests succeeded at the first try."
    return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)


CHECK = Check("reliability", "1", "Reliability", 90, run, needs="nothing", behaviour=True)


def succeeded_at_once(seen: Observation) -> bool:
    """Whether the first send was answered or refused with a reason."""
    return seen.status is not Status.FAULTY and not seen.failed


def _limited(seen: Observation) -> bool:
    return seen.fault is Fault.RATE_LIMITED or Fault.RATE_LIMITED in seen.failed
