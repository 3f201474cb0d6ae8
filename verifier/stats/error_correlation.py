"""Do two deviations from the same model go the same way?

Rounding errors of two quantizers are as good as independent, so that their effects on log-probabilities
hardly correlate; zeroing the smallest 10 % and the smallest 20 % of the weights have much of it in common.
Pearson's correlation over all (context, token) pairs, with a bootstrap over prompts (Efron 1979) for how sure
it is: tokens of one prompt are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's r in [-1, 1] with the lower end of its one-sided 97.5 % bootstrap bound; n pairs."""

    r: float
    low: float
    n: int


def error_correlation(
    prompts: Sequence[tuple[ArrayLike, ArrayLike]], rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> Correlation | None:
    """The correlation of two sides' log-probability errors (nats), given per prompt as two equal rows.

    None with fewer than two prompts, or where a side does not vary. Raises ValueError for unequal lengths.
    """
    rows = []
    for ours, theirs in prompts:
        x, y = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(f"two equal rows of errors, not shapes {x.shape} and {y.shape}")
        if x.size:
            rows.append([x.size, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])
    if len(rows) < 2:
        return None
    sums = np.array(rows)
    n = len(sums)
    whole = _pearson(sums.sum(axis=0)[None, :])[0]
    if np.isnan(whole):
        return None
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
    drawn = _pearson(weights @ sums)
    low = float(np.nanquantile(drawn, 0.025))
    return Correlation(float(whole), min(low, float(whole)), int(sums[:, 0].sum()))


def _pearson(sums: Matrix) -> Matrix:
    """r from rows of (n, sum x, sum y, sum x^2, sum y^2, sum xy); NaN where a side does not vary."""
    n, x, y, xx, yy, xy = sums.T
    spread = (n * xx - x * x) * (n * yy - y * y)
    tiny = 1e-12 * np.maximum(1.0, n * n)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(spread > tiny, (n * xy - x * y) / np.sqrt(spread), np.nan)
    clipped: Matrix = np.clip(r, -1.0, 1.0)
    return clipped
