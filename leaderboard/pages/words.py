"""The vocabulary of the pages: every verdict and outcome as a word, a shape and a tone, in one place.

Tables hold English, marked for the catalogue; whoever shows an entry translates it with `gettext`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard import languages


@dataclass(frozen=True, slots=True)
class Term:
    """A word with its shape (drawn by templates/parts/shape.html), its colour class and what it means.

    `name` and `sense` are English; `word` and `meaning` are in the language of the page.
    """

    name: str
    shape: str
    tone: str
    sense: str

    @property
    def word(self) -> str:
        """The word itself."""
        return gettext(self.name)

    @property
    def meaning(self) -> str:
        """What it means, in a sentence."""
        return gettext(self.sense)

    @property
    def title(self) -> str:
        """The word at the start of a sentence."""
        return self.word[:1].upper() + self.word[1:]


NOT_YET = Term(noop("not yet measured"), "none", "quiet", noop("No run of this endpoint has ended yet."))
NOT_MEASURED = Term(
    noop("not measured"),
    "dash",
    "quiet",
    noop("The run could not measure; this says nothing of the weights."),
)

VERDICTS: Mapping[str, Term] = {
    "faithful": Term(
        noop("faithful"),
        "disc",
        "faithful",
        noop("Within the honest band, with evidence against every known degradation."),
    ),
    "deviating": Term(
        noop("deviating"),
        "triangle",
        "deviating",
        noop("Beyond what honest deployments of these weights show."),
    ),
    "different-model": Term(
        noop("different model"), "cross", "different", noop("Further off than other models are.")
    ),
    "inconclusive": Term(
        noop("inconclusive"), "ring", "quiet", noop("The evidence gathered does not decide either way.")
    ),
    "insufficient-access": Term(
        noop("insufficient access"),
        "dots",
        "quiet",
        noop("The endpoint shows too little of its answers to be judged."),
    ),
    "not-measured": NOT_MEASURED,
}

AWAITING = Term(
    noop("inconclusive"),
    "ring",
    "quiet",
    noop(
        "One run accuses; among all published endpoints that takes more evidence, "
        "so another run is asked first."
    ),
)

CAUSES: Mapping[str, str] = {
    "kv-cache quantization": noop("its attention cache looks quantized"),
    "pruning": noop("part of the weights looks cut away"),
    "dropped layer": noop("a layer of the model looks left out"),
    "other checkpoint": noop("the weights look like another checkpoint"),
    "hidden prompt": noop("most likely a hidden prompt stands before every question"),
    "wrong template": noop("most likely it renders chats with another template"),
    "temperature override": noop("it samples at another temperature than asked for"),
    "truncated sampling": noop("it cuts off unlikely tokens though asked not to"),
    "truncated context": noop("long prompts are cut"),
    "lossy speculative decoding": noop("it keeps a draft model's tokens where the model would not"),
    "spoofed logprobs": noop("its text is not by the model whose probabilities it shows"),
    "partial routing": noop("part of the requests goes to other weights"),
    "special-casing": noop("prompts that it can know are answered by other weights than the rest"),
}
"""What a sentence says of each cause; a quantization of the weights is told by its place on the ladder."""

CAUSE_NAMES: Mapping[str, str] = {
    "kv-cache quantization": noop("Quantized KV cache"),
    "weight quantization": noop("Quantized weights"),
    "dropped layer": noop("A layer left out"),
    "hidden prompt": noop("A hidden prompt"),
    "wrong template": noop("Another chat template"),
    "temperature override": noop("Another temperature"),
    "truncated context": noop("Long prompts cut"),
}
"""Names of causes where a reader is helped by other words than the policy's."""

POLICY_CAUSES = frozenset(
    (
        noop("weight quantization"),
        noop("kv-cache quantization"),
        noop("pruning"),
        noop("dropped layer"),
        noop("other checkpoint"),
        noop("other model"),
        noop("hidden prompt"),
        noop("wrong template"),
        noop("temperature override"),
        noop("truncated sampling"),
        noop("truncated context"),
        noop("lossy speculative decoding"),
        noop("spoofed logprobs"),
        noop("partial routing"),
        noop("special-casing"),
    )
)
"""The policy's own names of causes, as rows of the board print them."""

PLACES: Mapping[str, str] = {
    "at": noop("Closest to {label}"),
    "beyond": noop("Further off than the coarsest known degradation, {label}"),
    "short-of": noop("Less than the smallest known degradation, {label}"),
}
"""Where a deviation stands among the known degradations."""

OUTCOMES: Mapping[str, Term] = {
    "pass": Term(noop("pass"), "disc", "faithful", noop("As the official weights do.")),
    "warn": Term(noop("warn"), "triangle-open", "deviating", noop("Unusual, but no proof.")),
    "fail": Term(noop("fail"), "triangle", "deviating", noop("Not as the official weights do.")),
    "inconclusive": Term(noop("inconclusive"), "ring", "quiet", noop("Not decided by this evidence.")),
    "unsupported": Term(
        noop("unsupported"), "dots", "quiet", noop("The endpoint withholds what the check needs.")
    ),
    "faulty": Term(
        noop("faulty"),
        "notch",
        "deviating",
        noop("It answered brokenly: counts for reliability, not for weights."),
    ),
    "error": Term(noop("our error"), "dash", "quiet", noop("A failure of ours, counted against nobody.")),
}

STATUSES: Mapping[str, Term] = {
    "ok": Term(noop("ok"), "disc", "faithful", noop("A usable answer.")),
    "faulty": OUTCOMES["faulty"],
    "unsupported": OUTCOMES["unsupported"],
    "error": OUTCOMES["error"],
}

STATES: Mapping[str, str] = {
    "queued": noop("waiting for a worker"),
    "running": noop("running"),
    "complete": noop("complete"),
    "failed": noop("failed on our side"),
    "cancelled": noop("cancelled"),
}

STATE_NAMES = (noop("queued"), noop("running"), noop("complete"), noop("failed"), noop("cancelled"))
"""The same in one word each, as tables have them."""

STOPPED: Mapping[str, str] = {
    "decided": noop("the evidence had decided"),
    "budget": noop("the budget was used up"),
    "pool-exhausted": noop("the suite had no more prompts"),
    "endpoint-down": noop("the endpoint stopped answering"),
    "refused": noop("the endpoint refused the requests"),
    "our-failure": noop("our side could not send the requests"),
    "interrupted": noop("the run was interrupted"),
    "insensitive": noop("the suite could not have told a difference"),
}

EVIDENCE_LEVELS: Mapping[str, str] = {
    "distributions": noop("next-token distributions"),
    "greedy": noop("log-probabilities until the texts part"),
    "text": noop("text alone"),
    "none": noop("none"),
}

UNITS: Mapping[str, str] = {"k": noop("tokens listed")}
"""Units that a reader would not know, in words."""

UNIT_NAMES = (
    noop("of 100 next tokens"),
    noop("mean deviation"),
    noop("Kolmogorov distance"),
    noop("share obeyed"),
)
"""Units that checks give in words."""

DEVIATIONS: Mapping[str, str] = {
    "raw_text": noop("points of deviation"),
    "weights": noop("points of deviation"),
    "nearest_variant": noop("points apart from it"),
    "context_window": noop("points of deviation"),
    "pool_gap": noop("points, hidden less public"),
}
"""Checks whose estimate is a mean deviation of 0..1, which a reader takes in points of 100."""

CHECKS: Mapping[str, str] = {
    "capabilities": noop("What it offers"),
    "token_distribution": noop("Token distribution"),
    "pool_gap": noop("Public and hidden prompts"),
    "nearest_variant": noop("Nearest known variant"),
    "routing": noop("Partial routing"),
}
"""Names of checks that their identifiers do not give."""

CHECK_NAMES = (
    noop("Weights"),
    noop("Greedy choice"),
    noop("Written tokens"),
    noop("Sampling"),
    noop("Context window"),
    noop("Prompt tokens"),
    noop("Raw text"),
    noop("Tool calls"),
    noop("Reliability"),
    noop("Speed"),
    noop("Answer integrity"),
    noop("Evidence mode"),
    noop("Immutable parameters"),
    noop("Long context"),
    noop("Parameters"),
    noop("Reasoning tasks"),
    noop("Self disclosure"),
    noop("Streaming"),
    noop("Structured output"),
    noop("Thinking kept"),
    noop("Tool choice"),
    noop("Tool schema"),
    noop("Tool trigger"),
    noop("Usage"),
)
"""Names of checks that their identifiers do give."""

CERTIFICATES = frozenset(
    (
        noop("pending"),
        noop("certified"),
        noop("watch"),
        noop("suspended"),
        noop("revoked"),
        noop("expired"),
    )
)
"""The states of a certificate."""

DISPUTES = frozenset((noop("upheld"), noop("corrected"), noop("withdrawn")))
"""How objections end."""

CONTEXT_TYPES: Mapping[str, str] = {
    "first_token": noop("first token of a chat answer"),
    "chat_prefix": noop("continued chat answer"),
    "greedy": noop("within its own greedy answer"),
    "scored": noop("within its own answer, scored by a live reference"),
    "raw_text": noop("raw text"),
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


def cause(name: str) -> str:
    """The policy's name of a cause in the language of the page; an unknown one as it is."""
    return gettext(name) if name in POLICY_CAUSES else name


def ruled(name: str) -> str:
    """A name in the policy's rules: a verdict or a cause in the language of the page, all others as they are.

    English pages have it as the policy writes it.
    """
    if languages.current() == languages.ENGLISH:
        return name
    return VERDICTS[name].word if name in VERDICTS else cause(name)


def said(text: str) -> str:
    """A text of a source or of a measured file in the language of the page; English where that is missing.

    The catalogue's test finds what is missing of the methodology page.
    """
    return gettext(text) if text else ""


def certificate(state: str) -> str:
    """The state of a certificate in a word."""
    return gettext(state) if state in CERTIFICATES else state


def check(name: str) -> str:
    """The name of a check."""
    return gettext(CHECKS.get(name, name.replace("_", " ").capitalize()))


def disputed(check_name: str) -> str:
    """What an objection is about: the verdict, or a check; in English by the name that it is stored under."""
    if not check_name:
        return gettext("the verdict")
    return check_name if languages.current() == languages.ENGLISH else check(check_name)


def dispute(outcome: str) -> str:
    """How an objection ended, in a word."""
    return gettext(outcome) if outcome in DISPUTES else outcome
