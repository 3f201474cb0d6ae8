"""The mean margin of greedy tokens at a fixed count, against a threshold from honest deployments.

Token-DiFR (arXiv 2511.20621) without its shared seed: the reference scores what the endpoint wrote at
temperature 0, token by token, max log q - log q(y), clipped; the mean over n tokens is compared with the
percentile that honest deployments reach at the same n. The clipped margin is the project's own,
`verifier.stats.margin`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Margins = Mapping[str, Sequence[float]]
"""By prompt id: the clipped margins of a greedy answer's tokens, in [0, 1]."""


def mean_margin(margins: Margins, *, tokens: int, per_text: int, rng: np.random.Generator) -> float | None:
    """The mean over `tokens` tokens: of prompts in random order, the first `per_text` tokens of each.

    None when the pool has fewer.
    """
    prompts = sorted(margins)
    drawn: list[float] = []
    for prompt in rng.permutation(prompts):
        drawn += margins[prompt][:per_text]
        if len(drawn) >= tokens:
            return float(np.mean(drawn[:tokens]))
    return None
