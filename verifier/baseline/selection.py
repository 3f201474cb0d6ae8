"""Which positions of the reference's answers are worth pinning. Looks at the reference only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from verifier.baseline.model import Context
from verifier.stats.divergence import top_k
from verifier.stats.margin import CLIP, gap

NEAR_TIE = (0.05, 0.4)
"""Nats between the two best tokens: outside honest noise, yet turned by a small change.

METHOD.md section 3 begins at 0.03; in the lab most honest flips lie between 0.03 and 0.05, and few of
those of an 8-bit rung."""


def select(candidates: Sequence[Context], per_prompt: int) -> list[Context]:
    """Of each prompt's candidates its most uncertain near-tie, then its most uncertain positions.

    At most `per_prompt` of each; in the order of their prefixes, so that a server can extend its cache.
    """
    grouped: dict[str, list[Context]] = {}
    for context in candidates:
        grouped.setdefault(context.prompt_id, []).append(context)
    selected: list[Context] = []
    for contexts in grouped.values():
        by_entropy = sorted(contexts, key=lambda context: -entropy(context))
        picked = [context for context in by_entropy if is_near_tie(context)][:1]
        picked += [context for context in by_entropy if context not in picked][: per_prompt - len(picked)]
        selected.extend(sorted(picked, key=lambda context: len(context.prefix)))
    return selected


def entropy(context: Context) -> float:
    """Shannon entropy in nats of the reference's list, the rest as one bucket."""
    listed = top_k(context.logprobs, len(context.top))
    masses = [*listed.listed.values(), listed.unlisted]
    return -math.fsum(mass * math.log(mass) for mass in masses if mass > 0)


def is_near_tie(context: Context) -> bool:
    """Whether a small change of the weights turns the greedy choice here, visibly in the text.

    Tokens that text does not show faithfully (white space, halves of characters, end marks) make a
    context unusable when they are in the running.
    """
    nats = gap(context.logprobs)
    if nats is None or not NEAR_TIE[0] <= nats <= NEAR_TIE[1]:
        return False
    best = context.top[0].logprob
    return all(_is_visible(item.token) for item in context.top if best - item.logprob <= CLIP)


def _is_visible(token: bytes) -> bool:
    try:
        text = token.decode()
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and not (text.startswith("<") and text.endswith(">"))
