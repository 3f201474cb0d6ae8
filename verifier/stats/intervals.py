"""Intervals for what is published: rates and means of clustered observations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm, t


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval; `n` is the number of independent units behind it."""

    value: float
    low: float
    high: float
    n: int


def clustered_mean(clusters: Sequence[Sequence[float]], *, level: float = 0.95) -> Interval | None:
    """The mean over all observations, with a t interval that treats each cluster as one unit.

    Ratio estimator with the linearised variance (Cochran, *Sampling Techniques*, 3rd ed., section 9A):
    contexts of one prompt are correlated, prompts are independent. None with fewer than two clusters
    (no interval can be given), clusters without observations are left out.
    """
    kept = [cluster for cluster in clusters if len(cluster)]
    if len(kept) < 2:
        return None
    n = len(kept)
    size = sum(len(cluster) for cluster in kept)
    mean = math.fsum(x for cluster in kept for x in cluster) / size
    squares = math.fsum((math.fsum(cluster) - mean * len(cluster)) ** 2 for cluster in kept)
    error = math.sqrt(n / (n - 1) * squares) / size
    half = float(t.ppf(0.5 + level / 2, n - 1)) * error
    return Interval(mean, mean - half, mean + half, n)


def wilson(successes: int, trials: int, *, level: float = 0.95) -> Interval | None:
    """Wilson's score interval for a rate (Wilson 1927). None without trials."""
    if trials == 0:
        return None
    z = float(norm.ppf(0.5 + level / 2))
    rate = successes / trials
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials**2))
    # Rounding must not put the rate itself outside: at 0 and 1 the ends are exact.
    return Interval(rate, min(rate, max(0.0, centre - half)), max(rate, min(1.0, centre + half)), trials)
