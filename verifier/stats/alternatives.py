"""What an endpoint's sampling may have been instead of "drawn from the list it returned".

A sampled token is compared with the list that came with it: the null says that it was drawn from just that
distribution. Each alternative here is another distribution over the same outcomes (the listed tokens and
"any other"), made from the listed one as a known override would make it: another temperature, a cut tail
(top-k, top-p, min-p), or a draft model's tokens kept whenever they are likely enough (lossy speculative
decoding, also called typical acceptance). Any distribution may stand as an alternative: a wrong guess of it
costs power, never validity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]

SMALLEST = 1e-6
"""Probability that no outcome goes below: servers round."""
EPS = 0.005
"""Total variation by which honest sampling may stray from its list: other arithmetic for either."""
LOW, HIGH = 0.1, 10.0
"""Where likelihood ratios are clipped."""

TEMPERATURES = (0.01, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.2, 1.5)
TOP_PS = (0.5, 0.8, 0.9, 0.95)
MIN_PS = (0.02, 0.05, 0.1)
TOP_KS = (1, 5, 10, 20, 40)
ACCEPTED_FROM = (0.05, 0.1, 0.2, 0.3)
TAIL_TOKENS = 4.0
"""An unlisted token has about this fraction of the smallest listed probability."""

NAMES: tuple[str, ...] = (
    *(f"temperature {t:g}" for t in TEMPERATURES),
    *(f"top-p {p:g}" for p in TOP_PS),
    *(f"min-p {p:g}" for p in MIN_PS),
    *(f"top-k {k}" for k in TOP_KS),
    *(f"acceptance {a:g}" for a in ACCEPTED_FROM),
)
FAMILIES = ("temperature", "top-p", "min-p", "top-k", "acceptance")


def outcomes(probabilities: Sequence[float]) -> Vector:
    """The null: the falling listed probabilities and the rest as one more outcome, summing to 1."""
    listed = np.maximum(np.asarray(probabilities, dtype=float), SMALLEST)
    rest = max(SMALLEST, 1.0 - float(listed.sum()))
    whole: Vector = np.append(listed, rest)
    whole /= whole.sum()
    return whole


def alternatives(p: Vector) -> Vector:
    """One row for each of NAMES: that alternative over the outcomes of `p` (as `outcomes` gives them)."""
    listed, rest = p[:-1], p[-1]
    before = np.concatenate(([0.0], np.cumsum(listed)[:-1]))
    smallest = listed[-1] / TAIL_TOKENS
    rows = [np.append(listed ** (1 / t), rest * smallest ** (1 / t - 1)) for t in TEMPERATURES]
    rows += [_kept(p, np.append(before < top_p, before[-1] + listed[-1] < top_p)) for top_p in TOP_PS]
    rows += [_kept(p, np.append(listed >= m * listed[0], smallest >= m * listed[0])) for m in MIN_PS]
    for k in TOP_KS:
        if k <= len(listed):
            rows.append(_kept(p, np.arange(len(p)) < k))
        else:
            # Of the unlisted tokens the next k - n stay; a list's tail falls about as 1/rank.
            stays = np.log(k / len(listed)) / np.log(50.0)
            rows.append(np.append(listed, rest * stays))
    rows += [_accepted(p, np.append(listed, 0.0) >= a) for a in ACCEPTED_FROM]
    table: Vector = np.maximum(np.stack(rows), 1e-12)
    table /= table.sum(axis=1, keepdims=True)
    return table


def factors(probabilities: Sequence[float], chosen: int | None, eps: float = EPS) -> dict[str, float]:
    """The e-factor of each alternative for a draw at place `chosen` of the falling list (None: unlisted).

    clip(q/p) over its largest mean under any distribution within `eps` of p in total variation: the
    expectation is at most 1 for honest sampling (`stats.likelihood.robust_factors`, here for a whole table).
    """
    p = outcomes(probabilities)
    ratio = np.clip(alternatives(p) / p, LOW, HIGH)
    largest = ratio @ p + eps * (ratio.max(axis=1) - ratio.min(axis=1))
    outcome = len(p) - 1 if chosen is None else chosen
    found = ratio[:, outcome] / largest
    return dict(zip(NAMES, found.tolist(), strict=True))


def family(name: str) -> str:
    """Which of FAMILIES an alternative belongs to."""
    return name.partition(" ")[0]


def _accepted(p: Vector, likely: NDArray[np.bool_]) -> Vector:
    """A draft about like `p` is kept where the token is likely; where not (mass r), one of `p` is drawn.

    A likely token so has p + r p, another r p: the sum is (1 - r)(1 + r) + r r = 1.
    """
    r = float(p[~likely].sum())
    return np.where(likely, (1.0 + r) * p, r * p)


def _kept(p: Vector, mask: NDArray[np.bool_]) -> Vector:
    return np.where(mask, p, 0.0)
