"""Which known variant of the model does the endpoint look like?

A quantizer's error is deterministic: the same weights rounded the same way deviate from the official ones in
the same places and directions. The endpoint's lists are compared with those that each stored variant (the
rungs of the ladder, and others recorded for their fingerprint) gave at the same contexts. A variant whose
lists are much closer to the endpoint's than the official ones are is named. Where none is, a variant whose
errors go the same way tells at least the kind of change: more of the same pruning, say. Otherwise the place
on the ladder stands alone. An endpoint without lists is compared by its choices at near-ties: which of them a
change of the weights turns is a fingerprint as well. Read off the answers of the other checks: it costs no
request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from verifier.baseline.band import Band
from verifier.baseline.model import Role, Stack
from verifier.checks.base import Dialogue, Finding, Outcome, Token, as_logprobs, nothing_to_ask
from verifier.checks.evidence_mode import Mode
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.divergence import TopK, top_k, tv_bound
from verifier.stats.error_correlation import Correlation, error_correlation
from verifier.stats.fingerprint import closest
from verifier.stats.ladder import place_on_ladder

ENOUGH = 5
"""Prompts below which nothing is compared."""
SUPPORT = 0.9
RELATED = 0.3
"""Lower bound of the correlation from which errors are of one kind. In the lab r between two stored variants
of different making is at most 0.33 (two 4-bit quantizers), and mostly below 0.2."""
LIKELY = math.log(0.02)
"""Tokens below this are left out of the correlation: their errors are noise."""
MOST = 2.0
"""Nats at which an error is clipped, so that no single token carries the correlation."""
NEAR = 0.55
"""A variant is named when it is nearer to the endpoint than this share of the endpoint's own deviation. The
same Q8_0 weights on two engines of the lab mostly lie beyond it, coarser variants well within."""


def run(session: Session) -> Dialogue:
    """Compares the lists of the run with those of every stored variant."""
    yield from nothing_to_ask()
    mode, decision = session.mode, session.decision
    if mode is None or decision is None or not decision.accused:
        return _without("There is no deviation to match with a known variant.")
    scores = session.gathered.scores
    grouped = _by_prompt(scores).values()
    means = [math.fsum(scores[key] for key in keys) / len(keys) for keys in grouped]
    details: dict[str, Any] = {"ladder": _ladder(session, mode.band, means), "variant": None}
    stacks = [s for s in session.baseline.stacks if s.role is not Role.HONEST]
    found = closest(_deviations(session, mode, stacks), [s.name for s in stacks], session.rng(CHECK.name))
    if found is None or found.n < ENOUGH:
        return _without("Too few contexts were asked of the stored variants.", details)
    stack = next(stack for stack in stacks if stack.name == found.name)
    own = _own(session, mode)
    details |= {
        "nearest": {"name": stack.name, "label": stack.label, "cause": stack.cause},
        "distance": found.mean,
        "deviation": own,
        "support": found.support,
    }
    if found.support < SUPPORT or found.mean > NEAR * own:
        said = f"None of {len(stacks)} known variants answers as it does; the nearest is {stack.label}."
        related = _related(session, stacks) if mode.k else None
        if related is not None and related[1].low >= RELATED:
            kin, shared = related
            said = f"Its errors go the way of those of {kin.label}: correlation {shared.r:.2f}."
            if kin.cause:
                details["explains"] = {"name": kin.cause, "support": shared.r, "evidence": said}
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, found.mean, n=found.n, details=details)
    what = "points" if mode.k else "% of the near-ties"
    said = (
        f"It answers as {stack.label} does: {100 * found.mean:.2g} {what} apart, and {100 * own:.2g} from "
        "the official weights."
    )
    details["variant"] = {"label": stack.label, "name": stack.name, "support": found.support}
    if stack.cause:
        details["explains"] = {"name": stack.cause, "support": found.support, "evidence": said}
    return Finding(CHECK.name, CHECK.version, Outcome.FAIL, said, found.mean, n=found.n, details=details)


CHECK = Check("nearest_variant", "1", "Nearest known variant", 28, run)


def _deviations(session: Session, mode: Mode, stacks: list[Stack]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Prompts x stacks: how far the endpoint's answers are from the stack's, NaN where it has none."""
    grouped = _by_prompt(session.gathered.lists)
    table = np.full((len(grouped), len(stacks)), np.nan)
    for column, stack in enumerate(stacks):
        for row, context_ids in enumerate(grouped.values()):
            values = [
                _apart(session, mode, session.gathered.lists[context_id], stack, context_id)
                for context_id in context_ids
                if context_id in stack.answers
            ]
            if values:
                table[row, column] = math.fsum(values) / len(values)
    return table


def _apart(session: Session, mode: Mode, ours: tuple[Token, ...], stack: Stack, context_id: str) -> float:
    """The tv of two lists; without lists, whether two choices differ (but for white space)."""
    theirs = stack.answers[context_id]
    if not mode.k:
        return float(ours[0].token.strip() != theirs[0].token.strip())
    known: dict[tuple[str, str, int], TopK] = session.baseline.memo.setdefault("lists", {})
    key = (stack.name, context_id, mode.k)
    if key not in known:
        known[key] = top_k(as_logprobs(theirs), mode.k)
    return tv_bound(known[key], top_k(as_logprobs(ours), mode.k))


def _own(session: Session, mode: Mode) -> float:
    """How far the endpoint's answers are from the reference's, on the scale of `_apart`."""
    if mode.k:
        return math.fsum(session.gathered.scores.values()) / len(session.gathered.scores)
    turned = [
        top[0].token.strip() != session.gathered.contexts[context_id].top[0].token.strip()
        for context_id, top in session.gathered.lists.items()
    ]
    return sum(turned) / len(turned)


def _related(session: Session, stacks: list[Stack]) -> tuple[Stack, Correlation] | None:
    """The stack whose errors correlate most with the endpoint's."""
    found: list[tuple[Stack, Correlation]] = []
    for stack in stacks:
        pairs: dict[str, tuple[list[float], list[float]]] = {}
        for context_id, ours in session.gathered.lists.items():
            theirs = stack.answers.get(context_id)
            context = session.gathered.contexts.get(context_id)
            if theirs is None or context is None:
                continue
            row = pairs.setdefault(context.prompt_id, ([], []))
            mine, other = as_logprobs(ours), as_logprobs(theirs)
            for token, logprob in context.logprobs.items():
                if logprob > LIKELY and token in mine and token in other:
                    row[0].append(_clip(mine[token] - logprob))
                    row[1].append(_clip(other[token] - logprob))
        shared = error_correlation(list(pairs.values()), session.rng(f"{CHECK.name}/{stack.name}"))
        if shared is not None:
            found.append((stack, shared))
    return max(found, key=lambda item: item[1].r, default=None)


def _clip(nats: float) -> float:
    return max(-MOST, min(MOST, nats))


def _ladder(session: Session, band: Band, means: list[float]) -> dict[str, Any] | None:
    """The nearest rung with the rungs that it may be, by a bootstrap over prompts."""
    rungs = {rung.name: rung.mean for rung in band.rungs}
    placed = place_on_ladder(means, rungs, session.rng(f"{CHECK.name}/ladder"))
    if placed is None:
        return None
    return {"nearest": placed.rung, "low": placed.low, "high": placed.high, "support": placed.support}


def _by_prompt(context_ids: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for context_id in context_ids:
        grouped.setdefault(context_id.rpartition("/")[0], []).append(context_id)
    return grouped


def _without(said: str, details: dict[str, Any] | None = None) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said, details=details or {})
