"""Are the weights themselves others than the released ones?

Said by exclusion: the prompt and its tokens are the official ones, long prompts are read, all requests and
both pools of prompts are answered alike, tokens follow their lists, and still the distributions deviate. What
most often stands behind that is a quantization of the weights coarser than the release; which one is told by
the place on the ladder, or by a known variant if one answers alike. Costs no request.
"""

from __future__ import annotations

import math

from verifier.baseline.band import Place
from verifier.checks.base import Dialogue, Finding, Outcome, nothing_to_ask
from verifier.checks.registry import Check
from verifier.checks.session import Session

PLACES = {
    Place.AT: "Closest known degradation: {label}.",
    Place.BEYOND: "Further than the coarsest known degradation, {label}.",
    Place.SHORT_OF: "Less than the smallest known degradation, {label}.",
}


def run(session: Session) -> Dialogue:
    """Names the weights as the cause where the lists deviate; other checks are asked before it."""
    yield from nothing_to_ask()
    mode, decision = session.mode, session.decision
    scores = session.gathered.scores
    if mode is None or decision is None or not scores:
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, "Nothing was compared.")
    mean = math.fsum(scores.values()) / len(scores)
    if decision.of_the_weights == "faithful":
        said = "Its answers are within what honest deployments of the released weights give."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, mean, n=len(scores))
    if decision.of_the_weights is None:
        said = "The evidence does not decide whether the weights are the released ones."
        return Finding(CHECK.name, CHECK.version, Outcome.INCONCLUSIVE, said, mean, n=len(scores))
    nearest = mode.band.nearest(mean)
    said = "By exclusion it is the weights, most likely a quantization of them."
    if nearest is not None:
        said = f"{PLACES[mode.band.place(mean)].format(label=nearest.label)} {said}"
    explains = {"name": "weight quantization", "support": None, "evidence": said}
    return Finding(
        CHECK.name, CHECK.version, Outcome.FAIL, said, mean, n=len(scores), details={"explains": explains}
    )


CHECK = Check("weights", "1", "Weights", 30, run)
