"""Model equality testing: two samples of answers, compared by MMD with the Hamming kernel.

MET (arXiv 2410.20247): several sampled answers to each of some prompts from either side, the first `length`
tokens of each; unbiased MMD^2, permuted within prompts. The paper draws 10 answers of 50 tokens to each of 25
prompts. The test itself is the project's own, `verifier.stats.mmd`; this module draws what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from verifier.stats.mmd import permutation_p

ANSWERS = 10
"""Answers per prompt, as in the paper; more only when every prompt has as many."""
PERMUTATIONS = 299

Answers = Mapping[str, Sequence[Sequence[int]]]
"""By prompt id: sampled answers as token ids."""


def design(tokens: int, length: int, prompts: int, answers: int) -> tuple[int, int] | None:
    """How many prompts, and how many answers to each, `tokens` completion tokens buy.

    At most `prompts` with `answers` each. None when they do not buy one prompt, or more than there is.
    """
    asked = min(prompts, tokens // (length * ANSWERS))
    if asked == 0 or tokens > prompts * answers * length:
        return None
    return asked, min(answers, tokens // (length * asked))


def p_value(
    reference: Answers,
    endpoint: Answers,
    *,
    tokens: int,
    length: int,
    rng: np.random.Generator,
    permutations: int = PERMUTATIONS,
) -> float | None:
    """The permutation p-value of one draw of `tokens` tokens from the endpoint's pool.

    All answers of the reference to the drawn prompts are used: they cost nothing. An answer that ends early
    is charged in full. None when `design` has none.
    """
    prompts = sorted(endpoint)
    bought = design(tokens, length, len(prompts), min(len(endpoint[prompt]) for prompt in prompts))
    if bought is None:
        return None
    asked, answers = bought
    drawn = rng.choice(prompts, asked, replace=False)
    ours = [[answer[:length] for answer in reference[prompt]] for prompt in drawn]
    theirs = [
        [endpoint[prompt][i][:length] for i in rng.choice(len(endpoint[prompt]), answers, replace=False)]
        for prompt in drawn
    ]
    return permutation_p(ours, theirs, rng, permutations)
