"""Is the token chosen at temperature 0 the likeliest of the list that came with it?

An endpoint that returns one model's log-probabilities with another model's text gives itself away wherever
the two disagree; so does lossy speculative decoding, which keeps a draft model's token when it is only likely
enough. Read off the answers of the other checks: it costs no request, and honest endpoints stray only at
exact ties.
"""

from __future__ import annotations

import math
from typing import Any

from verifier.checks.base import Dialogue, Finding, Outcome, nothing_to_ask
from verifier.checks.drawn import strayed
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.alternatives import ACCEPTED_FROM
from verifier.stats.decision import STRAY_SHARE
from verifier.stats.intervals import wilson

ENOUGH = 5
ACCEPTED = min(ACCEPTED_FROM)
"""Probability by its own list that a token has at least which lossy speculative decoding kept."""
SHOWN = {
    "lossy speculative decoding": "each is likely enough there for a draft model's token to be kept",
    "spoofed logprobs": "the list is another model's than the text",
}


def run(session: Session) -> Dialogue:
    """Reads every greedy answer with a list."""
    yield from nothing_to_ask()
    chosen = list(session.gathered.greedy.values())
    if len(chosen) < ENOUGH:
        said = "It returns no lists to hold its choices against."
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said, n=len(chosen))
    astray = [position for position in chosen if strayed(position)]
    rate = wilson(len(chosen) - len(astray), len(chosen))
    assert rate is not None
    kept = [math.exp(position.logprob) for position in astray]
    details: dict[str, Any] = {
        "strayed": len(astray),
        "smallest_probability": min(kept, default=None),
        "e_value": None if session.decision is None else session.decision.choice.peak,
    }
    numbers = (rate.value, rate.low, rate.high, rate.n, "share likeliest", details)
    if not astray:
        said = "Every token it chose at temperature 0 is the likeliest of its own list."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)
    said = (
        f"{len(astray)} of {len(chosen)} tokens chosen at temperature 0 are not the likeliest of the list "
        "that it returned with them."
    )
    decision = session.decision
    if decision is not None and decision.choice.rejects(session.settings.alpha):
        name = "lossy speculative decoding" if min(kept) >= ACCEPTED else "spoofed logprobs"
        said = f"{said[:-1]}: {SHOWN[name]}."
        details["explains"] = {"name": name, "support": len(astray) / len(chosen), "evidence": said}
    outcome = Outcome.FAIL if rate.high < 1 - STRAY_SHARE else Outcome.WARN
    return Finding(CHECK.name, CHECK.version, outcome, said, *numbers)


CHECK = Check("greedy_choice", "1", "Greedy choice", 12, run)
