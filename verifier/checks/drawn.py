"""What one generated token says of how it was chosen, held against the list that came with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from verifier.baseline.model import Context
from verifier.checks.base import Position, Token
from verifier.stats import alternatives

STRAY = 0.1
"""Nats by which a greedy choice may lie below the best of its list: ties that rounding turns."""
UNSEEN = 0.002
"""Most probability of tokens whose draw would not be seen whole: halves of characters."""


def strayed(position: Position) -> bool:
    """Whether a token chosen at temperature 0 is not the likeliest of its own list."""
    best = max(item.logprob for item in position.top)
    listed = [item.logprob for item in position.top if item.token == position.token]
    return best - max(listed, default=position.logprob) > STRAY


def drawable(context: Context) -> bool:
    """Whether every likely draw at this context comes back whole. Looks at the reference only."""
    return math.fsum(math.exp(item.logprob) for item in context.top if _is_half(item.token)) <= UNSEEN


def visible(top: Sequence[Token]) -> list[float]:
    """The falling probabilities of the listed tokens whose draw is seen, given that it is seen.

    Servers leave out the entry of an end mark (a token without bytes) or of half a character, so the list is
    conditioned on "a whole text follows"; the rest may hold anything.
    """
    kept = [math.exp(item.logprob) for item in top if _is_seen(item.token)]
    unseen = math.fsum(math.exp(item.logprob) for item in top if not _is_seen(item.token))
    return [p / max(1.0 - unseen, 1e-9) for p in kept] if unseen < 0.5 else []


def factors(position: Position, k: int) -> dict[str, float] | None:
    """The e-factors of the known alternatives for a sampled token (`stats.alternatives`).

    None where nothing can be said: what is not seen is likeliest, or an unlisted token is no whole text.
    """
    top = sorted(position.top, key=lambda item: (-item.logprob, item.token))[:k]
    probabilities = visible(top)
    if len(probabilities) < 2:
        return None
    place = place_of(position.token, top)
    if place is None and (_is_half(position.token) or not position.token.isascii()):
        return None
    return alternatives.factors(probabilities, place)


def place_of(token: bytes, top: Sequence[Token]) -> int | None:
    """Where the token stands among the listed ones whose draw is seen; None if it does not."""
    tokens = [item.token for item in top if _is_seen(item.token)]
    return tokens.index(token) if token in tokens else None


def _is_seen(token: bytes) -> bool:
    return bool(token) and not _is_half(token)


def _is_half(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return True
    return False
