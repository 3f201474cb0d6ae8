"""The rank-based uniformity test: where does the endpoint's answer fall among the reference's own?

RUT (arXiv 2506.06975): one sampled answer of the endpoint to each prompt and m of the reference, all given a
score under the reference; randomised ranks, Cramér-von Mises. The paper asks 100 prompts with m = 100 and
scores by log-rank (the mean over tokens). Ranks and test are the project's own, `verifier.stats.rank_test`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from verifier.stats.rank_test import randomised_rank, uniformity_p

Scores = Mapping[str, Sequence[float]]
"""By prompt id: the score of each answer under the reference."""


def score(of_tokens: Sequence[float]) -> float:
    """The mean score of an answer's tokens; 0 for an answer without any."""
    return float(np.mean(of_tokens)) if len(of_tokens) else 0.0


def p_value(
    reference: Scores, endpoint: Scores, *, tokens: int, length: int, rng: np.random.Generator
) -> float | None:
    """The p-value of one draw of `tokens` tokens from the endpoint's pool of answers of `length` tokens.

    Prompts are asked once each. When the tokens buy more, further answers to the same prompts are ranked
    against reference answers of their own, so that ranks stay independent. An answer that ends early is
    charged in full. None when the tokens buy fewer than two answers, or more than there are.
    """
    prompts = sorted(endpoint)
    answers = tokens // length
    rounds = -(-answers // len(prompts))
    if answers < 2 or rounds > min(len(endpoint[prompt]) for prompt in prompts):
        return None
    mine = {prompt: rng.permutation(len(endpoint[prompt])) for prompt in prompts}
    others = {prompt: np.array_split(rng.permutation(len(reference[prompt])), rounds) for prompt in prompts}
    order = [(turn, prompt) for turn in range(rounds) for prompt in rng.permutation(prompts)]
    ranks = [
        randomised_rank(
            endpoint[prompt][mine[prompt][turn]],
            [reference[prompt][i] for i in others[prompt][turn]],
            rng,
        )
        for turn, prompt in order[:answers]
    ]
    return uniformity_p(ranks)
