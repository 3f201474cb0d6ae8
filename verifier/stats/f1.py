"""F1 of a yes-or-no label, with an interval."""

from __future__ import annotations

from verifier.stats.intervals import Interval, wilson


def f1(true_positives: int, false_positives: int, false_negatives: int) -> Interval | None:
    """The harmonic mean of precision and recall; `n` is the number of cases that count.

    F1 = 2J/(1 + J) with J = TP/(TP + FP + FN), the share of right ones among those that either side calls
    positive. It rises with J, so Wilson's interval for J carries over. None without any positive.
    """
    share = wilson(true_positives, true_positives + false_positives + false_negatives)
    if share is None:
        return None
    value, low, high = (2 * j / (1 + j) for j in (share.value, share.low, share.high))
    return Interval(value, low, high, share.n)
