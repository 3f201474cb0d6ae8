"""Evidence from several sources as one e-value.

An e-value is a non-negative statistic with expectation at most 1 under the null: at least 1/alpha with
probability at most alpha (Markov). A weighted mean of e-values is one, whatever their dependence; products
need independence. Vovk & Wang, "E-values: calibration, combination and applications", arXiv 1912.06116.

Only *current* values may be averaged. The running maximum of an e-process is not an e-value: it may be
compared with 1/alpha for that process alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LARGEST = 1e300
"""Where an e-value is cut, so that it stays a number in floating point and in JSON."""


def clip(e: float) -> float:
    """`e` as a finite number in [0, 1e300]. Raises ValueError for a negative or no number."""
    if not e >= 0.0:
        raise ValueError(f"an e-value is at least 0, not {e}")
    return min(e, LARGEST)


def average(e_values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The weighted mean (equal weights by default): an e-value under any dependence. 1 without any.

    The weights must be fixed beforehand. Raises ValueError unless there is one for each value, none negative,
    and their sum is 1.
    """
    if weights is None:
        if len(e_values) == 0:
            return 1.0
        weights = [1.0 / len(e_values)] * len(e_values)
    elif len(weights) != len(e_values):
        raise ValueError("each e-value has one weight")
    elif not all(weight >= 0.0 for weight in weights) or abs(math.fsum(weights) - 1.0) > 1e-9:
        raise ValueError("weights are not negative and add up to 1")
    return clip(math.fsum(weight * clip(e) for weight, e in zip(weights, e_values, strict=True)))


def from_p(p: float) -> float:
    """The e-value 1/2 p^(-1/2) of a p-value: a calibrator, since it falls and its integral over [0, 1] is 1.

    Raises ValueError outside of [0, 1]; 0 (a p-value rounded down) gives the largest e-value.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"a p-value lies in [0, 1], not at {p}")
    return clip(0.5 / math.sqrt(p)) if p > 0.0 else LARGEST
