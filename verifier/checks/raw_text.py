"""Are the weights the official ones, and only what is put before them another?

`/completions` takes a text that we render with the official chat template, past the endpoint's own template
and prompt. Where chat requests deviate and the same contexts as raw text do not, the weights are the released
ones and the fault lies in the template or in a hidden prompt. Asked only where there is a deviation.
"""

from __future__ import annotations

import math
from typing import Any

from verifier.checks.asking import first_token_list, is_whole, raw_body
from verifier.checks.base import Dialogue, Finding, Outcome, Probe, Purpose
from verifier.checks.registry import Check
from verifier.checks.session import Session

STAGE = "raw text"
PROMPTS = 12
ENOUGH = 6
FRACTION = 0.25
"""Raw text deviating by less than this share of what chat deviates by is taken to be honest."""


def run(session: Session) -> Dialogue:
    """Asks a dozen rendered prompts when chat deviates."""
    decision, mode = session.decision, session.mode
    raw = session.baseline.raw
    if decision is None or mode is None or not decision.accused:
        return _without("Not asked: there is no deviation to explain.")
    if decision.leading() != "distribution":
        return _without("Not asked: what deviates is not the lists.")
    if not mode.k or not raw:
        return _without("It takes lists, and a baseline recorded with the model's chat template.")
    contexts = [c for c in mode.contexts if not c.prefix and c.prompt_id in raw]
    rng = session.rng(CHECK.name)
    contexts = [contexts[int(i)] for i in rng.permutation(len(contexts))][:PROMPTS]
    probes = [
        Probe(f"{c.prompt_id}/raw", "completions", raw_body(raw[c.prompt_id], mode.k), Purpose.DIAGNOSIS)
        for c in contexts
    ]
    scores = []
    for context, observation in zip(contexts, (yield from session.ask(probes, STAGE, 0)), strict=True):
        top = None if observation.answer is None else first_token_list(observation.answer, "")
        if top is not None and is_whole(top, min(mode.k, len(context.top))):
            scores.append(mode.score(context, top))
    if len(scores) < ENOUGH:
        return _without("It does not answer raw text with lists.")
    mean = math.fsum(scores) / len(scores)
    chat = math.fsum(session.gathered.scores.values()) / len(session.gathered.scores)
    details: dict[str, Any] = {"deviation": mean, "chat_deviation": chat, "delta": mode.band.delta}
    if mean <= max(mode.band.delta, FRACTION * chat):
        said = (
            f"The same prompts as raw text deviate by {100 * mean:.2g} points only, in chat by "
            f"{100 * chat:.2g}: the weights are the official ones, the template or a hidden prompt is not."
        )
        details["explains"] = {"name": "wrong template", "support": 1.0 - mean / chat, "evidence": said}
        return Finding(CHECK.name, CHECK.version, Outcome.WARN, said, mean, n=len(scores), details=details)
    said = f"The same prompts as raw text deviate as well, by {100 * mean:.2g} points: the weights do."
    return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, mean, n=len(scores), details=details)


CHECK = Check("raw_text", "1", "Raw text", 22, run)


def _without(said: str) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
