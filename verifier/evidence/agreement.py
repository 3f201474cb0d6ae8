"""How far two measurements of one endpoint agree, request by request. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from verifier.checks.base import Observation, Token


@dataclass(frozen=True, slots=True)
class Agreement:
    """`shared`: requests that both answered with lists; `same_choice`: of them, with one likeliest token.

    `difference` is half the absolute difference of the listed probabilities, averaged over the shared
    requests: 0 where both say the same, about 1 where nothing is shared. None without shared requests.
    """

    asked: int
    shared: int
    same_choice: int
    difference: float | None


def agreement(published: Mapping[str, Observation], replayed: Mapping[str, Observation]) -> Agreement:
    """Compare the first token of each request, by probe key."""
    same, differences = 0, []
    for key, one in replayed.items():
        lists = [_list(seen) for seen in (published.get(key), one)]
        if lists[0] and lists[1]:
            same += max(lists[0], key=lists[0].__getitem__) == max(lists[1], key=lists[1].__getitem__)
            tokens = lists[0].keys() | lists[1].keys()
            differences.append(sum(abs(lists[0].get(t, 0.0) - lists[1].get(t, 0.0)) for t in tokens) / 2)
    mean = sum(differences) / len(differences) if differences else None
    return Agreement(len(replayed), len(differences), same, mean)


def _list(observation: Observation | None) -> dict[bytes, float]:
    """Token to probability at the first position; empty where there is no list."""
    answer = None if observation is None else observation.answer
    if answer is None or not answer.positions:
        return {}
    top: tuple[Token, ...] = answer.positions[0].top
    return {token.token: math.exp(token.logprob) for token in top}
