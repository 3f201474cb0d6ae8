"""The vocabulary of the pages: every verdict and outcome as a word, a shape and a tone, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A word with its shape (drawn by templates/parts/shape.html), its colour class and what it means."""

    word: str
    shape: str
    tone: str
    meaning: str

    @property
    def title(self) -> str:
        """The word at the start of a sentence."""
        return self.word[:1].upper() + self.word[1:]


NOT_YET = Term("not yet measured", "none", "quiet", "No run of this endpoint has ended yet.")
NOT_MEASURED = Term(
    "not measured", "dash", "quiet", "The run could not measure; this says nothing of the weights."
)

VERDICTS: Mapping[str, Term] = {
    "faithful": Term(
        "faithful",
        "disc",
        "faithful",
        "Within the honest band, with evidence against every known degradation.",
    ),
    "deviating": Term(
        "deviating", "triangle", "deviating", "Beyond what honest deployments of these weights show."
    ),
    "different-model": Term("different model", "cross", "different", "Further off than other models are."),
    "inconclusive": Term(
        "inconclusive", "ring", "quiet", "The evidence gathered does not decide either way."
    ),
    "insufficient-access": Term(
        "insufficient access", "dots", "quiet", "The endpoint shows too little of its answers to be judged."
    ),
    "not-measured": NOT_MEASURED,
}

AWAITING = Term(
    "inconclusive",
    "ring",
    "quiet",
    "One run accuses; among all published endpoints that takes more evidence, so another run is asked first.",
)

CAUSES: Mapping[str, str] = {
    "kv-cache quantization": "its attention cache looks quantized",
    "pruning": "part of the weights looks cut away",
    "dropped layer": "a layer of the model looks left out",
    "other checkpoint": "the weights look like another checkpoint",
    "hidden prompt": "most likely a hidden prompt stands before every question",
    "wrong template": "most likely it renders chats with another template",
    "temperature override": "it samples at another temperature than asked for",
    "truncated sampling": "it cuts off unlikely tokens though asked not to",
    "truncated context": "long prompts are cut",
    "lossy speculative decoding": "it keeps a draft model's tokens where the model would not",
    "spoofed logprobs": "its text is not by the model whose probabilities it shows",
    "partial routing": "part of the requests goes to other weights",
    "special-casing": "prompts that it can know are answered by other weights than the rest",
}
"""What a sentence says of each cause; a quantization of the weights is told by its place on the ladder."""

CAUSE_NAMES: Mapping[str, str] = {
    "kv-cache quantization": "Quantized KV cache",
    "weight quantization": "Quantized weights",
    "dropped layer": "A layer left out",
    "hidden prompt": "A hidden prompt",
    "wrong template": "Another chat template",
    "temperature override": "Another temperature",
    "truncated context": "Long prompts cut",
}
"""Names of causes where a reader is helped by other words than the policy's."""

PLACES: Mapping[str, str] = {
    "at": "Closest to {label}",
    "beyond": "Further off than the coarsest known degradation, {label}",
    "short-of": "Less than the smallest known degradation, {label}",
}
"""Where a deviation stands among the known degradations."""

OUTCOMES: Mapping[str, Term] = {
    "pass": Term("pass", "disc", "faithful", "As the official weights do."),
    "warn": Term("warn", "triangle-open", "deviating", "Unusual, but no proof."),
    "fail": Term("fail", "triangle", "deviating", "Not as the official weights do."),
    "inconclusive": Term("inconclusive", "ring", "quiet", "Not decided by this evidence."),
    "unsupported": Term("unsupported", "dots", "quiet", "The endpoint withholds what the check needs."),
    "faulty": Term(
        "faulty", "notch", "deviating", "It answered brokenly: counts for reliability, not for weights."
    ),
    "error": Term("our error", "dash", "quiet", "A failure of ours, counted against nobody."),
}

STATUSES: Mapping[str, Term] = {
    "ok": Term("ok", "disc", "faithful", "A usable answer."),
    "faulty": OUTCOMES["faulty"],
    "unsupported": OUTCOMES["unsupported"],
    "error": OUTCOMES["error"],
}

STATES: Mapping[str, str] = {
    "queued": "waiting for a worker",
    "running": "running",
    "complete": "complete",
    "failed": "failed on our side",
    "cancelled": "cancelled",
}

STOPPED: Mapping[str, str] = {
    "decided": "the evidence had decided",
    "budget": "the budget was used up",
    "pool-exhausted": "the suite had no more prompts",
    "endpoint-down": "the endpoint stopped answering",
    "refused": "the endpoint refused the requests",
    "our-failure": "our side could not send the requests",
    "interrupted": "the run was interrupted",
    "insensitive": "the suite could not have told a difference",
}

EVIDENCE_LEVELS: Mapping[str, str] = {
    "distributions": "next-token distributions",
    "greedy": "log-probabilities until the texts part",
    "text": "text alone",
    "none": "none",
}

UNITS: Mapping[str, str] = {"k": "tokens listed"}
"""Units that a reader would not know, in words."""

DEVIATIONS: Mapping[str, str] = {
    "raw_text": "points of deviation",
    "weights": "points of deviation",
    "nearest_variant": "points apart from it",
    "context_window": "points of deviation",
    "pool_gap": "points, hidden less public",
}
"""Checks whose estimate is a mean deviation of 0..1, which a reader takes in points of 100."""

CHECKS: Mapping[str, str] = {
    "capabilities": "What it offers",
    "token_distribution": "Token distribution",
    "pool_gap": "Public and hidden prompts",
    "nearest_variant": "Nearest known variant",
    "routing": "Partial routing",
}
"""Names of checks that their identifiers do not give."""

CONTEXT_TYPES: Mapping[str, str] = {
    "first_token": "first token of a chat answer",
    "chat_prefix": "continued chat answer",
    "greedy": "within its own greedy answer",
    "scored": "within its own answer, scored by a live reference",
    "raw_text": "raw text",
}


def verdict(name: str | None) -> Term:
    """The term of a verdict; without one, "not yet measured"."""
    return VERDICTS.get(name or "", NOT_YET)


def outcome(name: str) -> Term:
    """The term of a finding's outcome; an unknown word is shown as it is, in no colour."""
    return OUTCOMES.get(name, Term(name, "none", "quiet", ""))


def status(name: str) -> Term:
    """The term of an observation's status."""
    return STATUSES.get(name, Term(name, "none", "quiet", ""))
