"""Do only some requests deviate?

A host may send part of its traffic to other weights, or serve from machines of which some are misconfigured.
Changed weights shift nearly every context a little; a mixture leaves most as close as honest deployments are
and moves the others far. The share of contexts that honest deployments would show is compared with what the
recorded degradations of the same size leave. It takes lists: choices at near-ties look alike after a mixture
and after a small change. Read off the answers of the other checks: it costs no request.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from verifier.baseline.band import prompt_scores
from verifier.baseline.model import Baseline, Role, Stack
from verifier.checks.base import Dialogue, Finding, Outcome, nothing_to_ask
from verifier.checks.evidence_mode import Mode
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import Interval, wilson
from verifier.stats.rate_difference import rate_difference

ENOUGH = 30
"""Contexts below which a mixture is not told from a lucky draw."""
HONEST_SHARE = 0.9
"""A context looks honest when its deviation is within what this share of honest contexts shows."""
OF_SIZE = 0.5
"""Recorded degradations of at least this share of the endpoint's mean deviation are compared."""


def run(session: Session) -> Dialogue:
    """Compares the share of contexts that look honest."""
    yield from nothing_to_ask()
    mode, decision = session.mode, session.decision
    if mode is None or decision is None or not decision.accused or decision.leading() != "distribution":
        return _without("There is no deviation of the lists to look into.")
    if not mode.k:
        return _without("Choices at near-ties do not tell a mixture from a small change of the weights.")
    scores = list(session.gathered.scores.values())
    limit, shares = _recorded(session.baseline, mode)
    if limit is None or len(scores) < ENOUGH:
        return _without("It takes more contexts, and honest stacks recorded with the baseline.")
    looks = sum(score <= limit for score in scores)
    share = wilson(looks, len(scores))
    assert share is not None
    mean = math.fsum(scores) / len(scores)
    of_size = [found for size, found in shares if size >= OF_SIZE * mean]
    expected = max((found.value for found in of_size), default=0.0)
    details = {"limit": limit, "expected": expected}
    numbers = (share.value, share.low, share.high, share.n, "share of contexts as honest ones")
    # What was recorded is an estimate as well: of few contexts one or two more look honest by chance.
    if not of_size or any(rate_difference(share, found).low <= 0 for found in of_size):
        said = "Its contexts deviate as those of one set of weights do."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers, details)
    said = (
        f"{100 * share.value:.0f} % of its answers are as close as honest deployments are, and the rest far "
        f"off: about {100 * (1 - share.value / HONEST_SHARE):.0f} % of the requests go to other weights."
    )
    explains = {"name": "partial routing", "support": share.value, "evidence": said}
    return Finding(CHECK.name, CHECK.version, Outcome.FAIL, said, *numbers, {**details, "explains": explains})


CHECK = Check("routing", "3", "Partial routing", 26, run)


def _recorded(baseline: Baseline, mode: Mode) -> tuple[float | None, Sequence[tuple[float, Interval]]]:
    """The deviation that most honest contexts stay within, and (mean deviation, share within it) of each
    recorded degradation.
    """
    known = baseline.memo.setdefault("routing", {})
    key = (mode.level, mode.k, mode.types)
    if key not in known:
        limits = [float(np.quantile(s, HONEST_SHARE)) for s in _scores(baseline, mode, (Role.HONEST,))]
        limit = max(limits, default=None)
        degraded = _scores(baseline, mode, (Role.RUNG, Role.VARIANT))
        shares = [
            (math.fsum(scores) / len(scores), share)
            for scores in degraded
            if limit is not None
            and (share := wilson(sum(score <= limit for score in scores), len(scores))) is not None
        ]
        known[key] = (limit, shares)
    found: tuple[float | None, Sequence[tuple[float, Interval]]] = known[key]
    return found


def _scores(baseline: Baseline, mode: Mode, roles: Sequence[Role]) -> list[list[float]]:
    stacks: list[Stack] = [stack for stack in baseline.stacks if stack.role in roles]
    found = [prompt_scores(stack, mode.contexts, mode.score) for stack in stacks]
    return [[x for values in scores.values() for x in values] for scores in found if scores]


def _without(said: str) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
