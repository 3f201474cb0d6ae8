"""Which stored variant does an endpoint look like?

A quantizer's error is deterministic: the same weights, rounded the same way, deviate from the reference in
the same places. So the endpoint is compared with each stored variant prompt by prompt, and the nearest one is
named together with how often it stays the nearest when the prompts are drawn again (nonparametric bootstrap,
Efron 1979; the share is the "bootstrap support" of phylogenetics, Felsenstein 1985).

Support says how sure the *order* is, not that the nearest is near: look at the mean as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 2000
SAME = 1e-12
"""Means closer than this are equal: two variants that answer alike share their support."""


@dataclass(frozen=True, slots=True)
class Closest:
    """The nearest variant; its mean deviation and its support, both in [0, 1]; the number of prompts."""

    name: str
    mean: float
    support: float
    n: int


def closest(
    deviations: ArrayLike,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    least: float = 0.5,
    resamples: int = RESAMPLES,
) -> Closest | None:
    """The variant with the smallest mean deviation from the endpoint; of equals the first.

    `deviations` has one row per prompt, one column per variant in the order of `names`: the tv in [0, 1], NaN
    where a side has no answer. All are compared on the same prompts: variants with fewer than the share
    `least` of the prompts that any variant has are left out, then prompts that a remaining variant lacks.
    None where nothing is left. Raises ValueError if the shape is not (prompts, names).
    """
    matrix = np.asarray(deviations, np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise ValueError(f"one column for each of {len(names)} variants, not shape {matrix.shape}")
    matrix = matrix[~np.isnan(matrix).all(axis=1)]
    if not matrix.size:
        return None
    known = np.flatnonzero(~np.isnan(matrix).all(axis=0) & ((~np.isnan(matrix)).mean(axis=0) >= least))
    matrix = matrix[:, known]
    matrix = matrix[~np.isnan(matrix).any(axis=1)]
    n = len(matrix)
    if not matrix.size:
        return None
    means = matrix.mean(axis=0)
    best = int(np.flatnonzero(means <= means.min() + SAME)[0])
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=resamples) @ matrix / n
    nearest = drawn <= drawn.min(axis=1, keepdims=True) + SAME
    support = float((nearest[:, best] / nearest.sum(axis=1)).mean())
    return Closest(names[int(known[best])], float(means[best]), support, n)
