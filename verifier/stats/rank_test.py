"""Is an endpoint's sample like the reference's own? The rank-based uniformity test.

RUT (arXiv 2506.06975): the endpoint's answer to a prompt and m samples of the reference are given the same
score (log-likelihood, log-rank, length); the rank of the endpoint's among them, ties broken at random, is
uniform if it is one more sample of the reference. Ranks of many prompts are tested for uniformity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import cramervonmises


def randomised_rank(score: float, reference_scores: Sequence[float], rng: np.random.Generator) -> float:
    """(#{s_j < s} + U (1 + #ties)) / (m + 1), in [0, 1]; exactly uniform under the null for every m.

    The 1 is the sample itself: without it (the paper's estimate of the rank) the ends come up too often for
    small m. Without reference scores it is U alone. Raises ValueError for a score that is no number.
    """
    reference = np.asarray(reference_scores, np.float64)
    if np.isnan(score) or np.isnan(reference).any():
        raise ValueError("a score is a number")
    below = int((reference < score).sum())
    ties = int((reference == score).sum())
    return (below + float(rng.random()) * (1 + ties)) / (len(reference) + 1)


def uniformity_p(ranks: Sequence[float]) -> float:
    """The p-value of the Cramér-von Mises test of `ranks` against uniform on [0, 1], by scipy.

    Valid for independent ranks: one per prompt. Raises ValueError with fewer than two, or for one outside
    [0, 1].
    """
    values = np.asarray(ranks, np.float64)
    if len(values) < 2 or not ((values >= 0.0) & (values <= 1.0)).all():
        raise ValueError("at least two ranks, all in [0, 1]")
    return min(1.0, max(0.0, float(cramervonmises(values, "uniform").pvalue)))
