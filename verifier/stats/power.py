"""Can this suite tell? Recorded answers of a known degradation are put through the decision again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from verifier.stats.decision import Decision

ORDERS = 40
ENOUGH = 0.9
DEVIATIONS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5)
"""Mean deviations that are told apart where only the number of prompts is known."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How often, over `orders` random orders, the degradation was found and how often called faithful.

    `prompts` is the median number of prompts to a detection, None if there was none.
    """

    detected: float
    called_faithful: float
    prompts: float | None
    orders: int

    @property
    def able(self) -> bool:
        """Whether the contexts separate the degradation from the honest band within the budget."""
        return self.detected >= ENOUGH and self.called_faithful == 0.0


def replay_rung(
    scores: Sequence[Sequence[float]],
    *,
    delta: float,
    c: float,
    alpha: float,
    budget: int,
    rng: np.random.Generator,
    orders: int = ORDERS,
) -> Replay:
    """Replay a rung's `scores` (per prompt, its contexts' deviations) in random orders of at most `budget`
    prompts, one random context of each, as a run would draw them.
    """
    prompts = [list(values) for values in scores if len(values)]
    found: list[int] = []
    faithful = 0
    for _ in range(orders):
        decision = Decision(delta=delta, c=c, alpha=alpha)
        for index in rng.permutation(len(prompts))[:budget]:
            values = prompts[int(index)]
            decision.update(values[int(rng.integers(len(values)))])
            if decision.verdict:
                break
        if decision.verdict == "faithful":
            faithful += 1
        elif decision.verdict:
            found.append(decision.n)
    median = float(np.median(found)) if found else None
    return Replay(len(found) / orders, faithful / orders, median, orders)


def smallest_shown(
    prompts: int,
    *,
    delta: float,
    c: float,
    alpha: float,
    rng: np.random.Generator,
    orders: int = 60,
) -> float | None:
    """The smallest mean deviation of `DEVIATIONS` that so many prompts show in nine of ten runs; None if even
    the largest stays unseen.

    Nothing is known of the prompts yet, so their deviations are drawn from an exponential distribution with
    that mean, cut off at 1: a few of them tell much, most of them little, as in recorded ladders.
    """
    shape = rng.standard_exponential((orders, prompts))
    for mean in DEVIATIONS:
        if mean <= delta:
            continue
        found = 0
        for row in shape:
            decision = Decision(delta=delta, c=c, alpha=alpha)
            for value in row:
                decision.update(min(1.0, mean * float(value)))
                if decision.verdict:
                    break
            found += decision.verdict == "deviating"
        if found >= ENOUGH * orders:
            return mean
    return None
