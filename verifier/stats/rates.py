"""Does one side succeed less often than the other?"""

from __future__ import annotations

from scipy.stats import hypergeom


def fewer_successes(successes: int, trials: int, others: int, other_trials: int) -> float:
    """p-value of "the first side's rate is not below the second's": Fisher's exact test, one-sided (1935).

    Given all successes together, how probable it is that the first side has so few of them. Where both sides
    try the same cases the rates vary less than the test takes them to, so it errs on the cautious side. 1
    where a side has no trials.
    """
    if not trials or not other_trials:
        return 1.0
    return min(1.0, float(hypergeom.cdf(successes, trials + other_trials, successes + others, trials)))
