"""How much two independent rates differ."""

from __future__ import annotations

import math

from verifier.stats.intervals import Interval


def rate_difference(one: Interval, other: Interval) -> Interval:
    """`one` minus `other`, from the Wilson intervals of two independent rates, at their level.

    The hybrid score interval (Newcombe 1998, *Statistics in Medicine* 17:873-890, method 10). `n` is the
    smaller one's.
    """
    value = one.value - other.value
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return Interval(value, max(-1.0, value - below), min(1.0, value + above), min(one.n, other.n))
