"""Does the endpoint read a long prompt from its beginning?

A host that saves memory may cut what it was sent, silently. Long prompts whose decisive fact stands at the
beginning are then answered as if it had never been said, while short ones are answered rightly. The first
tokens of a few long prompts are compared as all other contexts are, with a band of their own, and the number
of prompt tokens that the endpoint reports is held against the reference's. Asked only when nothing else has
explained a deviation yet.
"""

from __future__ import annotations

import math
from typing import Any

from verifier.checks.asking import context_probe
from verifier.checks.base import Dialogue, Finding, Observation, Outcome, Purpose
from verifier.checks.registry import Check
from verifier.checks.session import Session, tokens_of

STAGE = "long prompts"
BATCH = 2
AT_MOST = 6
"""Long prompts: each takes as long as twenty short ones."""
SUSPICION = 0.0
"""Log e-value above which all of them are asked."""
SHORTER = 0.9
"""Share of the reference's prompt tokens below which a prompt was cut."""


def run(session: Session) -> Dialogue:
    """Asks a few long prompts, more of them while they deviate."""
    decision, mode = session.decision, session.mode
    if decision is None or mode is None or not mode.long_contexts:
        return _without("The baseline holds no long prompts.")
    if decision.accused:
        return _without("Not asked: shorter prompts deviate already.")
    rng = session.rng(CHECK.name)
    contexts = [mode.long_contexts[int(i)] for i in rng.permutation(len(mode.long_contexts))][:AT_MOST]
    scores: list[float] = []
    counts: list[tuple[int, int]] = []
    for start in range(0, len(contexts), BATCH):
        if session.down or decision.accused or (start and decision.window.log_value < SUSPICION):
            break
        batch = contexts[start : start + BATCH]
        k = mode.k or None
        probes = [context_probe(c, session.prompts[c.prompt_id], None, k, Purpose.DECISION) for c in batch]
        for context, observation in zip(batch, (yield from session.ask(probes, STAGE, 0)), strict=True):
            counts += _count(session, context.prompt_id, observation)
            top = None if observation.answer is None else mode.read(context, observation.answer)
            if top is None:
                continue
            scores.append(mode.score(context, top))
            decision.update_window(scores[-1])
            session.gathered.decision_tokens += tokens_of(observation)
    if not scores and not counts:
        return _without("It answered no long prompt usably.")
    return _finding(session, scores, counts)


CHECK = Check("context_window", "1", "Context window", 16, run)


def _finding(session: Session, scores: list[float], counts: list[tuple[int, int]]) -> Finding:
    decision, mode = session.decision, session.mode
    assert decision is not None
    assert mode is not None
    assert mode.window is not None
    cut = [(seen, expected) for seen, expected in counts if seen < SHORTER * expected]
    mean = math.fsum(scores) / len(scores) if scores else None
    details: dict[str, Any] = {
        "e_value": decision.window.peak,
        "deviation": mean,
        "delta": mode.window.delta,
        "prompt_tokens": [list(pair) for pair in counts],
    }
    accused = decision.accused and decision.leading() == "window"
    n = max(len(scores), len(counts))
    if not accused and not cut:
        said = "Long prompts are answered as the official weights answer them."
        outcome = Outcome.PASS
        if mean is not None and mean > mode.window.delta:
            said, outcome = "Long prompts deviate, too few of them to be sure.", Outcome.INCONCLUSIVE
        return Finding(
            CHECK.name, CHECK.version, outcome, said, mean, n=n, unit="mean deviation", details=details
        )
    said = "Long prompts are answered as if their beginning had not been read"
    if cut:
        seen, expected = cut[0]
        said += f": it counts {seen} prompt tokens where the official template makes {expected}"
    if not accused:
        said = f"It counts {cut[0][0]} prompt tokens of a long prompt that has {cut[0][1]}: it is cut"
    support = len(cut) / len(counts) if counts else None
    details["explains"] = {"name": "truncated context", "support": support, "evidence": f"{said}."}
    return Finding(
        CHECK.name, CHECK.version, Outcome.FAIL, f"{said}.", mean, n=n, unit="mean deviation", details=details
    )


def _count(session: Session, prompt_id: str, observation: Observation) -> list[tuple[int, int]]:
    expected = session.baseline.prompt_tokens.get(prompt_id)
    seen = None if observation.answer is None else observation.answer.prompt_tokens
    return [] if expected is None or seen is None else [(seen, expected)]


def _without(said: str) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
