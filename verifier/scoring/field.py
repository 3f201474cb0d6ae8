"""Is an endpoint suspiciously fast or cheap among those that serve the same model?

Serving fewer bits is faster and cheaper, so a number far below the field is worth a look. It is shown as a
flag with the size of the field, and is never part of a verdict: other hardware is faster too. The modified
z-score (Iglewicz and Hoaglin 1993) of the logarithms is used, since times and prices are compared by ratios
and one odd endpoint must not widen the scale that it is measured by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from verifier.scoring import policy

CONSISTENT = 0.6745
"""Median absolute deviation of a standard normal variable."""
NARROWEST = math.log(1.1)
"""Least spread: where all ask the same price, ten per cent less is no outlier."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One value's modified z-score among `n` values; `low` where it lies suspiciously far below them."""

    z: float
    n: int
    low: bool


def in_the_field(values: Mapping[str, float]) -> dict[str, Standing]:
    """The standing of every value by its key. Values are positive (others are left out); none of them stands
    anywhere in a field of fewer than `policy.LEAST_FIELD`.
    """
    logs = {key: math.log(value) for key, value in values.items() if value > 0 and math.isfinite(value)}
    if len(logs) < policy.LEAST_FIELD:
        return {}
    middle = median(logs.values())
    spread = max(median(abs(value - middle) for value in logs.values()), NARROWEST)
    found = {}
    for key, value in logs.items():
        z = CONSISTENT * (value - middle) / spread
        found[key] = Standing(z, len(logs), z <= -policy.SUSPICIOUS)
    return found
