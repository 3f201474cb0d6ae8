"""Does the endpoint treat public prompts better than prompts it cannot know?

A provider may recognise the public suite and answer it from the official weights. Some prompts of a run come
from a hidden pool, of which only the hash is published. When hidden prompts deviate and public ones do not,
audits are special-cased. Read off the answers of the other checks: it costs no request.
"""

from __future__ import annotations

import math
from typing import Any

from verifier.checks.base import Dialogue, Finding, Outcome, nothing_to_ask
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import Interval, clustered_mean
from verifier.suites import HIDDEN

ENOUGH = 5
"""Prompts of either pool below which they are not compared."""


def run(session: Session) -> Dialogue:
    """Compares the mean deviation of the two pools."""
    yield from nothing_to_ask()
    pools: dict[bool, dict[str, list[float]]] = {True: {}, False: {}}
    for context_id, score in session.gathered.scores.items():
        prompt_id = context_id.rpartition("/")[0]
        hidden = session.prompts[prompt_id].pool == HIDDEN
        pools[hidden].setdefault(prompt_id, []).append(score)
    public, hidden_ = (clustered_mean(list(pools[hidden].values())) for hidden in (False, True))
    mode = session.mode
    if mode is None or public is None or hidden_ is None or min(public.n, hidden_.n) < ENOUGH:
        said = "Too few prompts of a hidden pool were asked to compare it with the public one."
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
    gap = hidden_.value - public.value
    half = math.hypot(hidden_.high - hidden_.value, public.high - public.value)
    details: dict[str, Any] = {"public": _json(public), "hidden": _json(hidden_)}
    accused = session.decision is not None and session.decision.accused
    if accused and gap - half > mode.band.delta and public.value <= 2 * mode.band.delta:
        said = (
            f"Hidden prompts deviate by {100 * hidden_.value:.2g} points and public ones by "
            f"{100 * public.value:.2g}: prompts that it can know are answered otherwise than the rest."
        )
        share = 1.0 - public.value / hidden_.value
        details["explains"] = {"name": "special-casing", "support": share, "evidence": said}
        outcome = Outcome.FAIL
    else:
        said, outcome = "Hidden prompts deviate as public ones do.", Outcome.PASS
    return Finding(
        CHECK.name,
        CHECK.version,
        outcome,
        said,
        gap,
        gap - half,
        gap + half,
        public.n + hidden_.n,
        "mean deviation, hidden less public",
        details,
    )


CHECK = Check("pool_gap", "1", "Public and hidden prompts", 24, run)


def _json(interval: Interval) -> dict[str, float | int]:
    return {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}
