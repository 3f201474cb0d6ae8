"""Were sampled tokens drawn from the distributions that the endpoint itself returned?

The randomised probability integral transform (Brockwell 2007; Czado, Gneiting & Held 2009): the mass of the
tokens before the sampled one plus a uniform share of its own. It is uniform on [0, 1] if the token came from
that distribution (not only then: errors of several contexts may cancel). With the tokens in falling order its
shape tells the cause: a lower temperature, top_p or top_k pushes it towards 0, a higher temperature towards
1; spoofed logprobs do either.

The Kolmogorov distance from uniform is used as an effect size, judged against honest deployments, not as a
test: honest servers, too, sample from slightly other numbers than they list.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def pit(probabilities: Sequence[float], chosen: int | None, rest: float, rng: np.random.Generator) -> float:
    """The transform of one sampled token, in [0, 1].

    `probabilities` are those of the listed tokens (any order; they are ranked, ties by position), `chosen`
    the index of the sampled one, None if it is not listed; `rest` is the unlisted mass, which comes last.
    Masses that do not add up to 1 by rounding are scaled. Raises ValueError for a negative mass, for none at
    all, and for an index that is not in the list.
    """
    listed = np.asarray(probabilities, np.float64)
    total = float(listed.sum()) + rest
    if not ((listed >= 0.0).all() and rest >= 0.0 and 0.0 < total < np.inf):
        raise ValueError("masses are not negative, and not all 0")
    if chosen is None:
        before, own = float(listed.sum()), rest
    elif 0 <= chosen < len(listed):
        own = float(listed[chosen])
        ahead = (listed > own) | ((listed == own) & (np.arange(len(listed)) < chosen))
        before = float(listed[ahead].sum())
    else:
        raise ValueError(f"no token {chosen} in a list of {len(listed)}")
    return min(1.0, (before + float(rng.random()) * own) / total)


def kolmogorov_distance(values: Sequence[float]) -> float:
    """The largest distance of the empirical distribution of `values` from uniform, in [0, 1].

    Raises ValueError without values or for one outside [0, 1].
    """
    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    if not n or not ((ordered >= 0.0) & (ordered <= 1.0)).all():
        raise ValueError("at least one value, all in [0, 1]")
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
