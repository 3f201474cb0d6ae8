"""Are the tokens it writes the official weights' own, where its lists are?

An endpoint may return the official weights' log-probabilities beside another model's text. Lossy speculative
decoding does, and hides well: a draft model's token is kept only where the official weights find it likely
enough, so that it is seldom far down its list. So the tokens chosen at temperature 0 are held against the
official weights too, at near-ties and with the honest band of an endpoint that returns no lists. Answers that
were asked for anyway come first; more are asked for while the evidence is open.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from verifier.baseline.model import Context
from verifier.checks.asking import context_probe, first_token_list
from verifier.checks.base import Ask, Dialogue, Finding, Observation, Outcome, Position, Probe, Purpose
from verifier.checks.evidence_mode import Mode, text_mode
from verifier.checks.registry import Check
from verifier.checks.session import Session, tokens_of
from verifier.stats.alternatives import ACCEPTED_FROM
from verifier.stats.decision import Decision
from verifier.stats.margin import margin

STAGE = "what it writes"
BATCH = 4
AT_LEAST = 56
"""Written tokens after which only growing evidence is followed up."""
AT_MOST = 160
"""Written tokens that the check stops at."""


def run(session: Session) -> Dialogue:
    """Goes through the near-ties in random order while the evidence is open; see the module."""
    decision, mode = session.decision, session.mode
    if decision is None or mode is None or not mode.k or mode.greedy:
        return _unsupported("It shows no list and text of the same places.")
    text = text_mode(session.baseline, session.capabilities)
    if not text.contexts or text.band.provisional or not text.band.delta < text.band.c:
        return _unsupported("The baseline has no near-ties at which honest text is known to stray little.")
    if decision.accused:
        return Finding(CHECK.name, CHECK.version, Outcome.INCONCLUSIVE, "Other evidence decided before it.")
    written = yield from _read_on(session, mode, text, decision)
    return _finding(session, decision, written)


CHECK = Check("written_tokens", "1", "Written tokens", 13, run)


def _read_on(
    session: Session, mode: Mode, text: Mode, decision: Decision
) -> Generator[Ask, Sequence[Observation], list[tuple[Context, Position]]]:
    """The near-ties with the tokens written at them, as far as they were weighed."""
    known = session.gathered.greedy
    decided = {context_id for context_id in known if session.probes[context_id].purpose is Purpose.DECISION}
    order = [text.contexts[int(i)] for i in session.rng(CHECK.name).permutation(len(text.contexts))]
    order.sort(key=lambda context: context.id not in decided)
    written: list[tuple[Context, Position]] = []
    for start in range(0, min(len(order), AT_MOST), BATCH):
        spent = len(written) >= AT_LEAST and decision.written.log_value < 0.0
        if decision.accused or session.down or session.interrupted or spent:
            break
        batch = order[start : start + BATCH]
        probes = [_probe(session, mode, context) for context in batch if context.id not in known]
        answers = iter((yield from session.ask(probes, STAGE, 0)))
        for context in batch:
            asked = session.observations[context.id] if context.id in known else next(answers)
            position = known.get(context.id) or _position(context, asked)
            if context.id not in decided:
                session.gathered.decision_tokens += tokens_of(asked)
            if position is not None and not decision.accused:
                written.append((context, position))
                decision.update_written(margin(context.logprobs, position.token))
    return written


def _probe(session: Session, mode: Mode, context: Context) -> Probe:
    prompt, style = session.prompts[context.prompt_id], session.capabilities.prefix_style
    probe = context_probe(context, prompt, style, mode.k, Purpose.DECISION)
    return replace(probe, key=f"{context.id}/written")  # what decided may have been drawn here


def _position(context: Context, observation: Observation) -> Position | None:
    """The token that the answer begins with, where its list is aligned with its text."""
    answer = observation.answer
    if answer is None or first_token_list(answer, context.prefix) is None:
        return None
    return answer.positions[0] if answer.positions else None


def _finding(session: Session, decision: Decision, written: Sequence[tuple[Context, Position]]) -> Finding:
    strays = [position for context, position in written if margin(context.logprobs, position.token) > 0]
    least = min((math.exp(position.logprob) for position in strays), default=None)
    details: dict[str, Any] = {
        "e_value": decision.written.peak,
        "strayed": len(strays),
        "smallest_probability": least,
    }
    outcome = Outcome.PASS
    said = f"At {len(written)} near-ties it writes what the official weights choose, within the honest band."
    if decision.written.rejects(session.settings.alpha):
        outcome = Outcome.FAIL
        said = (
            "At near-ties it writes other tokens than the official weights, further off than honest "
            "deployments stray."
        )
        if decision.leading() == "written" and decision.of_the_weights == "faithful":
            name, said = "spoofed logprobs", f"{said[:-1]}, although its lists are theirs."
            if least is not None and least >= min(ACCEPTED_FROM):
                name = "lossy speculative decoding"
                said = f"{said[:-1]}; each is likely enough for a draft model's token to be kept."
            details["explains"] = {"name": name, "support": None, "evidence": said}
    elif len(written) < AT_LEAST:
        said, outcome = f"{len(written)} near-ties are too few to tell.", Outcome.INCONCLUSIVE
    return Finding(CHECK.name, CHECK.version, outcome, said, n=len(written), details=details)


def _unsupported(said: str) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
