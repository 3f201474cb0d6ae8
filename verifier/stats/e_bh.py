"""Whom to accuse when many are tested: e-BH controls the false discovery rate under any dependence.

Wang & Ramdas, "False discovery rate control with e-values", arXiv 2009.02824: of n e-values reject the k*
largest, k* = max{k : the k-th largest is at least n / (fdr k)}. The expected share of true nulls among the
rejected is at most fdr, whatever the dependence. Current e-values at a fixed time go in, not running maxima.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def threshold(n: int, fdr: float, rejected: int = 1) -> float:
    """What each of `rejected` e-values among `n` must reach: n / (fdr rejected). A lone one needs the most.

    Raises ValueError unless 0 < fdr < 1 and 1 <= rejected <= n.
    """
    if not 0.0 < fdr < 1.0:
        raise ValueError(f"a false discovery rate lies in (0, 1), not at {fdr}")
    if not 1 <= rejected <= n:
        raise ValueError(f"of {n} e-values 1 to {n} can be rejected, not {rejected}")
    return n / (fdr * rejected)


def e_bh(e_values: Sequence[float], fdr: float) -> tuple[int, ...]:
    """The indices of the rejected e-values, ascending; equal e-values share their fate.

    Raises ValueError for a negative e-value or no number, and unless 0 < fdr < 1.
    """
    values = np.asarray(e_values, np.float64)
    if not (values >= 0.0).all():
        raise ValueError("an e-value is at least 0")
    needed = np.array([threshold(len(values), fdr, k) for k in range(1, len(values) + 1)])
    passing = np.flatnonzero(np.sort(values)[::-1] >= needed)
    if not passing.size:
        return ()
    return tuple(int(index) for index in np.flatnonzero(values >= needed[passing[-1]]))
