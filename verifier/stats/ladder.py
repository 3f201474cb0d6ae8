"""Where on a model's ladder of known degradations does a measured deviation lie?

The rungs' mean deviations span three decades (0.003 to 1), so that "nearest" is meant in ratios: on a log
scale. How sure the place is comes from a bootstrap over prompts (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SMALLEST = 1e-6
"""Deviations below this are rounding, and their logarithm means nothing: they count as this much."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The nearest rung, the finest and coarsest rung that it may be, and how often it is the nearest.

    `mean` is the measured mean deviation in [0, 1], `support` in [0, 1], `n` the number of prompts.
    """

    rung: str
    low: str
    high: str
    mean: float
    support: float
    n: int


def place_on_ladder(
    prompt_scores: Sequence[float],
    rung_means: Mapping[str, float],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Placement | None:
    """Place the mean of `prompt_scores` (one mean deviation per prompt, in [0, 1]) on the ladder.

    `rung_means` are the rungs' mean deviations, measured at the same k and context types; include the honest
    band itself as a rung where "nearer to honest than to any rung" should be a possible answer. `low` and
    `high` are the rungs nearest to the ends of the percentile interval of the bootstrap means: the share
    `level` of them lies nearest to these two or a rung between. None without scores or rungs. Raises
    ValueError for a score or mean outside [0, 1].
    """
    scores = np.asarray(prompt_scores, np.float64)
    names = sorted(rung_means, key=lambda name: (rung_means[name], name))
    rungs = np.array([rung_means[name] for name in names])
    if not scores.size or not names:
        return None
    for values in (scores, rungs):
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError("deviations lie in [0, 1]")
    mean = float(scores.mean())
    nearest = int(_nearest(np.array([mean]), rungs)[0])
    drawn = rng.multinomial(len(scores), np.full(len(scores), 1 / len(scores)), size=resamples)
    places = _nearest(drawn @ scores / len(scores), rungs)
    low, high = np.quantile(places, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    # The measured place belongs to the range, whatever the skew of the scores.
    low, high = min(int(low), nearest), max(int(high), nearest)
    return Placement(
        names[nearest], names[low], names[high], mean, float((places == nearest).mean()), len(scores)
    )


def _nearest(means: NDArray[np.float64], rungs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the rung nearest to each mean on a log scale; of equals the first (finest)."""
    distances = np.abs(np.log(np.maximum(means, SMALLEST))[:, None] - np.log(np.maximum(rungs, SMALLEST)))
    places: NDArray[np.int64] = np.argmin(distances, axis=1)
    return places
