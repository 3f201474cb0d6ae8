"""Intervals for what is published: rates and means of clustered observations."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import DegenerateDataWarning, beta, bootstrap, norm, t

RESAMPLES = 2000


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


def bca_mean(
    clusters: Sequence[Sequence[float]],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """The mean over all observations, with a BCa bootstrap interval over whole clusters.

    Bias-corrected and accelerated (Efron 1987), by scipy, of the same ratio as `clustered_mean`. For scores
    as skewed as an honest deployment's (60 to 200 prompts, simulated) a 95 % interval covers 91 to 94 %; it
    lies below the truth 4 to 6 times in 100, the t interval 5 to 10 times. None with fewer than two clusters
    that have observations. Where BCa has no value (all clusters alike, or every resample on one side of the
    mean), the t interval stands in.
    """
    kept = [cluster for cluster in clusters if len(cluster)]
    plain = clustered_mean(kept, level=level)
    if plain is None:
        return None
    sums = np.array([math.fsum(cluster) for cluster in kept])
    sizes = np.array([float(len(cluster)) for cluster in kept])
    if np.ptp(sums / sizes) <= 1e-12:
        return plain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)
        ends = bootstrap(
            (sums, sizes),
            _ratio,
            paired=True,
            vectorized=True,
            n_resamples=resamples,
            confidence_level=level,
            method="BCa",
            rng=rng,
        ).confidence_interval
    low, high = float(ends.low), float(ends.high)
    if not (math.isfinite(low) and math.isfinite(high)):
        return plain
    return Interval(plain.value, min(low, plain.value), max(high, plain.value), plain.n)


def clopper_pearson(successes: int, trials: int, *, level: float = 0.95) -> Interval | None:
    """The exact interval for a rate (Clopper & Pearson 1934): covers at least `level`, whatever the rate.

    For error rates, where an optimistic bound would be a false promise. Two-sided: each end alone is a bound
    at (1 + level) / 2. None without trials.
    """
    if trials == 0:
        return None
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(beta.isf(tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return Interval(successes / trials, low, high, trials)


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


def _ratio(sums: NDArray[Any], sizes: NDArray[Any], axis: int) -> NDArray[Any]:
    ratio: NDArray[Any] = sums.sum(axis=axis) / sizes.sum(axis=axis)
    return ratio
