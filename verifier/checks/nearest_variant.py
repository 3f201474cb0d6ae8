"""Which known variant of the model does the endpoint look like?

A quantizer's error is deterministic: the same weights rounded the same way deviate from the official ones in
the same places and directions. The endpoint's lists are compared with those that each stored variant (the
rungs of the ladder, and others recorded for their fingerprint) gave at the same contexts. A variant whose
lists are much closer to the endpoint's than the official ones are is named; otherwise the place on the ladder
stands alone. Read off the answers of the other checks: it costs no request.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from verifier.baseline.band import Band
from verifier.baseline.model import Role, Stack
from verifier.checks.base import Dialogue, Finding, Outcome, as_logprobs, nothing_to_ask
from verifier.checks.evidence_mode import Mode
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.divergence import TopK, top_k, tv_bound
from verifier.stats.fingerprint import closest
from verifier.stats.ladder import place_on_ladder

ENOUGH = 5
"""Prompts below which nothing is compared."""
SUPPORT = 0.9
NEAR = 0.45
"""A variant is named when it is nearer to the endpoint than this share of the endpoint's own deviation."""


def run(session: Session) -> Dialogue:
    """Compares the lists of the run with those of every stored variant."""
    yield from nothing_to_ask()
    mode, decision = session.mode, session.decision
    if mode is None or decision is None or not decision.accused:
        return _without("There is no deviation to match with a known variant.")
    scores = _by_prompt(session.gathered.scores)
    means = [math.fsum(values) / len(values) for values in scores.values()]
    details: dict[str, Any] = {"ladder": _ladder(session, mode.band, means), "variant": None}
    if not mode.k:
        return Finding(
            CHECK.name,
            CHECK.version,
            Outcome.UNSUPPORTED,
            "Without lists there is no fingerprint to compare.",
            n=len(means),
            details=details,
        )
    stacks = [s for s in session.baseline.stacks if s.role is not Role.HONEST]
    found = closest(_deviations(session, mode, stacks), [s.name for s in stacks], session.rng(CHECK.name))
    if found is None or found.n < ENOUGH:
        return _without("Too few contexts were asked of the stored variants.", details)
    stack = next(stack for stack in stacks if stack.name == found.name)
    own = math.fsum(means) / len(means)
    details |= {
        "nearest": {"name": stack.name, "label": stack.label, "cause": stack.cause},
        "distance": found.mean,
        "deviation": own,
        "support": found.support,
    }
    if found.support < SUPPORT or found.mean > max(NEAR * own, mode.band.delta):
        said = f"None of {len(stacks)} known variants answers as it does; the nearest is {stack.label}."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, found.mean, n=found.n, details=details)
    said = (
        f"It answers as {stack.label} does: {100 * found.mean:.2g} points apart, while both are "
        f"{100 * own:.2g} from the official weights."
    )
    details["variant"] = {"label": stack.label, "name": stack.name, "support": found.support}
    if stack.cause:
        details["explains"] = {"name": stack.cause, "support": found.support, "evidence": said}
    return Finding(CHECK.name, CHECK.version, Outcome.FAIL, said, found.mean, n=found.n, details=details)


CHECK = Check("nearest_variant", "1", "Nearest known variant", 28, run)


def _deviations(session: Session, mode: Mode, stacks: list[Stack]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Prompts x stacks: the mean tv between the endpoint's lists and the stack's, NaN where it has none."""
    ours = {key: top_k(as_logprobs(top), mode.k) for key, top in session.gathered.lists.items()}
    grouped: dict[str, list[str]] = {}
    for context_id in ours:
        grouped.setdefault(context_id.rpartition("/")[0], []).append(context_id)
    table = np.full((len(grouped), len(stacks)), np.nan)
    known: dict[tuple[str, str, int], TopK] = session.baseline.memo.setdefault("lists", {})
    for column, stack in enumerate(stacks):
        for row, context_ids in enumerate(grouped.values()):
            values = []
            for context_id in context_ids:
                top = stack.answers.get(context_id)
                if top is None:
                    continue
                key = (stack.name, context_id, mode.k)
                if key not in known:
                    known[key] = top_k(as_logprobs(top), mode.k)
                values.append(tv_bound(known[key], ours[context_id]))
            if values:
                table[row, column] = math.fsum(values) / len(values)
    return table


def _ladder(session: Session, band: Band, means: list[float]) -> dict[str, Any] | None:
    """The nearest rung with the rungs that it may be, by a bootstrap over prompts."""
    rungs = {rung.name: rung.mean for rung in band.rungs}
    placed = place_on_ladder(means, rungs, session.rng(f"{CHECK.name}/ladder"))
    if placed is None:
        return None
    return {"nearest": placed.rung, "low": placed.low, "high": placed.high, "support": placed.support}


def _by_prompt(scores: dict[str, float]) -> dict[str, list[float]]:
    grouped: dict[str, list[float]] = {}
    for context_id, score in scores.items():
        grouped.setdefault(context_id.rpartition("/")[0], []).append(score)
    return grouped


def _without(said: str, details: dict[str, Any] | None = None) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said, details=details or {})
