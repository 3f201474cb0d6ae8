"""A threshold from honest deployments, for statistics without a null distribution of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Pool = TypeVar("Pool")

DRAWS = 400
"""From each honest stack."""


def threshold(
    stacks: Sequence[Pool],
    statistic: Callable[[Pool, np.random.Generator], float | None],
    alpha: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> float | None:
    """What a share `alpha` of the honest draws exceeds at most, each stack drawn from equally often.

    The published way of calibrating: it knows nothing of a stack that is not among `stacks`. None when one of
    them has too few tokens for the statistic.
    """
    values = [statistic(stack, rng) for stack in stacks for _ in range(draws)]
    known = [value for value in values if value is not None]
    return float(np.quantile(known, 1 - alpha, method="higher")) if len(known) == len(values) else None
