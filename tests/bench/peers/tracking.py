"""Log-probability tracking: how far the lists of one-token answers lie from the reference's.

"Log Probability Tracking of LLM APIs" (arXiv 2512.03816) asks one prompt many times for one token, averages
each token's log-probability and compares two times by the mean absolute difference, with a permutation test
(`permutation_p`). A token that one list lacks counts with that list's smallest value, as there. It was made
to notice that one endpoint changes: between two endpoints its null is that both answer alike to the last bit,
and an honest deployment on another stack does not.

So beside it stands what becomes of it with this project's own remedy: each of several prompts is asked once,
and the threshold comes from honest deployments (`mean_difference`).
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


def permutation_p(
    ours: Sequence[List], theirs: Sequence[List], rng: np.random.Generator, permutations: int = 299
) -> float:
    """The p-value (k+1)/(B+1) of the mean absolute difference of the two sides' mean log-probabilities.

    Both are lists of answers to one prompt. Raises ValueError when a side has none.
    """
    if not ours or not theirs:
        raise ValueError("a permutation test needs answers of both sides")
    every = [*ours, *theirs]
    floors = [min(one.values()) for one in every]
    tokens = sorted({token for one in every for token in one})
    table = np.array([[one.get(t, floor) for t in tokens] for one, floor in zip(every, floors, strict=True)])

    def apart(order: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
        first, second = table[order[: len(ours)]], table[order[len(ours) :]]
        return float(np.abs(first.mean(axis=0) - second.mean(axis=0)).mean())

    observed = apart(np.arange(len(every))) - 1e-12
    reached = sum(apart(rng.permutation(len(every))) >= observed for _ in range(permutations))
    return (reached + 1) / (permutations + 1)


def mean_difference(apart: Sequence[float], *, tokens: int, rng: np.random.Generator) -> float | None:
    """The mean over `tokens` of the prompts, drawn at random; None when there are fewer."""
    return float(np.mean(rng.choice(apart, tokens, replace=False))) if tokens <= len(apart) else None


def _most_likely(of: List, length: int) -> dict[str, float]:
    return dict(sorted(of.items(), key=lambda item: (-item[1], item[0]))[:length])
