"""The honest band and the ladder of a baseline, at a given k and set of context types.

Pure arithmetic on stored lists: the same call gives the same numbers on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from verifier.baseline.model import Baseline, Context, ContextType, Role, Stack
from verifier.checks.base import Token, as_logprobs
from verifier.stats.divergence import TopK, top_k, tv_bound

MARGIN = 1.5
"""delta = MARGIN x the worst honest stack's mean (METHOD.md section 3)."""

FLOOR = 0.001
"""Smallest delta. Honest stacks that agree bit for bit say nothing about other hardware."""

UNCALIBRATED = 0.012
"""Smallest delta while fewer than two honest stacks are known: MARGIN x the worst honest mean of the lab.
One stack may agree bit for bit, and would then accuse every other (METHOD.md section 3)."""

ENOUGH_STACKS = 2
"""Honest stacks from which a band is no longer provisional."""

FARTHEST = 8.0
"""c is at most this many deltas: excluding only a far rung would cost more prompts, not fewer."""

RUNG_WITHOUT_LADDER = 4.0
"""Without a recorded rung, c = this many deltas: the verdict then names a size, not a quantization."""

Score = Callable[[Context, tuple[Token, ...]], float]
"""The deviation, in [0, 1], of an endpoint's next-token list at a context."""


BEYOND = 1.5
"""A deviation this many times beyond the ladder's last rung (or short of its first) is not at that rung."""


class Place(StrEnum):
    """Where a deviation lies on the ladder."""

    NO_LADDER = "no-ladder"
    SHORT_OF = "short-of"
    AT = "at"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class Rung:
    """One place on a scale of mean deviation. `n` counts its contexts."""

    name: str
    label: str
    quantization: str | None
    mean: float
    n: int


@dataclass(frozen=True, slots=True)
class Band:
    """Where honest deployments fall. All deviations are means over prompts, in [0, 1].

    `delta` bounds the honest mean; `c` is the deviation that `faithful` must exclude; `excludes` says
    it in words. `provisional` when fewer than two honest stacks stand behind it.
    """

    delta: float
    c: float
    excludes: str
    margin: float
    honest: tuple[Rung, ...]
    rungs: tuple[Rung, ...]

    @property
    def provisional(self) -> bool:
        return len(self.honest) < ENOUGH_STACKS

    @property
    def worst_honest(self) -> float:
        return max((stack.mean for stack in self.honest), default=0.0)

    def nearest(self, mean: float) -> Rung | None:
        """The rung closest to `mean` on a logarithmic scale; None without a ladder."""
        return min(self.rungs, key=lambda rung: abs(_log_ratio(rung.mean, mean)), default=None)

    def place(self, mean: float) -> Place:
        """Where `mean` lies on the ladder: at its nearest rung, or off either end."""
        nearest = self.nearest(mean)
        if nearest is None:
            return Place.NO_LADDER
        if _log_ratio(mean, self.rungs[-1].mean) > math.log(BEYOND):
            return Place.BEYOND
        if _log_ratio(self.rungs[0].mean, mean) > math.log(BEYOND):
            return Place.SHORT_OF
        return Place.AT


def tv_score(k: int) -> Score:
    """Deviation as the total-variation bound at `k`."""
    reference: dict[str, tuple[Context, TopK]] = {}

    def score(context: Context, top: tuple[Token, ...]) -> float:
        known = reference.get(context.id)
        if known is None or known[0] is not context:
            known = reference[context.id] = (context, top_k(context.logprobs, k))
        return tv_bound(known[1], top_k(as_logprobs(top), k))

    return score


def prompt_scores(stack: Stack, contexts: Sequence[Context], score: Score) -> dict[str, list[float]]:
    """Prompt id -> the stack's deviation at each of its contexts that it answered."""
    scores: dict[str, list[float]] = {}
    for context in contexts:
        top = stack.answers.get(context.id)
        if top is not None:
            scores.setdefault(context.prompt_id, []).append(score(context, top))
    return scores


def mean_over_prompts(scores: Mapping[str, Sequence[float]]) -> float:
    """The mean over prompts of each prompt's mean: what the decision's score estimates."""
    means = [math.fsum(values) / len(values) for values in scores.values() if values]
    return math.fsum(means) / len(means) if means else 0.0


def band(baseline: Baseline, contexts: Sequence[Context], score: Score, margin: float = MARGIN) -> Band:
    """The honest band and the ladder over `contexts`, from the stacks that answered any of them."""

    def rungs(role: Role) -> tuple[Rung, ...]:
        measured = []
        for stack in baseline.of_role(role):
            scores = prompt_scores(stack, contexts, score)
            n = sum(len(values) for values in scores.values())
            if not n:
                continue
            measured.append(Rung(stack.name, stack.label, stack.quantization, mean_over_prompts(scores), n))
        return tuple(sorted(measured, key=lambda rung: rung.mean))

    honest = rungs(Role.HONEST)
    ladder = rungs(Role.RUNG)
    floor = FLOOR if len(honest) >= ENOUGH_STACKS else UNCALIBRATED
    delta = max(floor, margin * honest[-1].mean) if honest else floor
    # A rung inside the band cannot be told from honest: the smallest one beyond it is what can be excluded.
    beyond = [rung for rung in ladder if rung.mean > 2 * delta]
    c = min(beyond[0].mean, FARTHEST * delta) if beyond else min(0.5, RUNG_WITHOUT_LADDER * delta)
    excludes = f"a mean deviation of {100 * c:.2g} points or more"
    for rung in beyond[:1] or ladder[-1:]:
        if c == rung.mean or not beyond:
            excludes = f"{rung.label} and coarser"
    return Band(delta, c, excludes, margin, honest, ladder)


def usable_contexts(baseline: Baseline, types: Sequence[ContextType], *, long: bool = False) -> list[Context]:
    """The baseline's contexts of the given types, in its order: of its long prompts, or of all the others."""
    return [
        context
        for context in baseline.contexts
        if context.type in types and baseline.is_long(context.prompt_id) is long
    ]


def _log_ratio(a: float, b: float) -> float:
    return math.log(max(a, FLOOR / 10) / max(b, FLOOR / 10))
