"""Can this suite tell? Recorded answers of a known degradation are put through the decision again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from verifier.stats.decision import Decision

ORDERS = 40
ENOUGH = 0.9


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
