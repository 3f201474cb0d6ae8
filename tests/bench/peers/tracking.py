"""Log-probability tracking: how far the lists of one-token answers lie from the reference's.

"Log Probability Tracking of LLM APIs" (arXiv 2512.03816) asks one prompt many times for one token, averages
each token's log-probability and compares two times by the mean absolute difference, with a permutation test.
A token that one list lacks counts with that list's smallest value, as there. The lab's servers answer the
same question with the same bytes, so permuting repeats would accuse every other stack, honest ones too: here
each of several prompts is asked once, and the threshold comes from honest deployments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

List = Mapping[str, float]
"""A next-token list: token to log-probability in nats."""
Lists = Mapping[str, List]
"""By prompt id: the list of the answer's first token."""


def difference(ours: List, theirs: List, length: int) -> float:
    """The mean absolute log-probability difference in nats over the tokens of either list.

    Of each list the `length` most likely tokens count. Raises ValueError for an empty list.
    """
    first, second = _most_likely(ours, length), _most_likely(theirs, length)
    floors = min(first.values()), min(second.values())
    tokens = first.keys() | second.keys()
    apart = [abs(first.get(token, floors[0]) - second.get(token, floors[1])) for token in tokens]
    return float(np.mean(apart))


def differences(reference: Lists, endpoint: Lists, length: int) -> list[float]:
    """`difference` for each prompt that both sides have, in the order of their ids."""
    both = sorted(reference.keys() & endpoint.keys())
    return [difference(reference[prompt], endpoint[prompt], length) for prompt in both]


def mean_difference(apart: Sequence[float], *, tokens: int, rng: np.random.Generator) -> float | None:
    """The mean over `tokens` of the prompts, drawn at random; None when there are fewer."""
    return float(np.mean(rng.choice(apart, tokens, replace=False))) if tokens <= len(apart) else None


def _most_likely(of: List, length: int) -> dict[str, float]:
    return dict(sorted(of.items(), key=lambda item: (-item[1], item[0]))[:length])
