"""How often do two sides hold the same token for the most likely?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def best(logprobs: Mapping[bytes, float]) -> bytes | None:
    """The most likely token; of equals the first in byte order, as in `top_k`. None of an empty list."""
    return min(logprobs, key=lambda token: (-logprobs[token], token), default=None)


def top1_agreement(pairs: Iterable[tuple[Mapping[bytes, float], Mapping[bytes, float]]]) -> float | None:
    """The share of `pairs` of lists (token bytes -> log-probability) whose most likely token is the same.

    In [0, 1]. Pairs with an empty list say nothing and are left out; None if none is left.
    """
    equal = [best(q) == best(p) for q, p in pairs if q and p]
    return sum(equal) / len(equal) if equal else None
