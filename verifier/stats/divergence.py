"""What two top-k lists prove about the distance of the distributions behind them.

Only the k most likely tokens of each side are seen. Both functions return *lower* bounds that hold for
every pair of distributions with these lists: truncation can hide a difference, never invent one
(METHOD.md section 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

ROUNDING = 1e-6
"""Mass that rounding can hide: servers sum in 32 bits, so that less than this is not known to be none."""


@dataclass(frozen=True, slots=True)
class TopK:
    """The k most likely tokens of a next-token distribution: token bytes -> probability, and the rest.

    `unlisted` is the probability mass outside the list, in [0, 1].
    """

    listed: Mapping[bytes, float]
    unlisted: float

    @property
    def ceiling(self) -> float:
        """The most that any unlisted token can have: min(smallest listed probability, unlisted mass)."""
        return min(min(self.listed.values(), default=1.0), max(self.unlisted, ROUNDING))


def top_k(logprobs: Mapping[bytes, float], k: int) -> TopK:
    """The `k` most likely of `logprobs` (natural logs).

    A sampled token that a server lists beyond its true top k falls away here; with it the bound would
    break. Ties are kept in byte order, so that the result does not depend on the server's order.
    """
    ranked = sorted(logprobs.items(), key=lambda item: (-item[1], item[0]))[:k]
    listed = {token: math.exp(logprob) for token, logprob in ranked}
    return TopK(listed, max(0.0, 1.0 - math.fsum(listed.values())))


def tv_bound(q: TopK, p: TopK) -> float:
    """A lower bound on the total variation between the distributions behind `q` and `p`, in [0, 1].

    max( sum over q's list of (q_v - p̂_v)+ , sum over p's list of (p_v - q̂_v)+ ), where p̂_v is the listed
    probability or, for an unlisted token, the most it can be.
    """
    return min(1.0, max(_excess(q, p), _excess(p, q)))


def kl_bound(q: TopK, p: TopK) -> float:
    """A lower bound on KL(q || p) in nats, at least 0.

    By the data-processing inequality KL is at least that of the partition {each token of q's list, all
    the rest}. What p gives to tokens it does not list is unknown up to its ceiling; it is set to what
    makes the divergence smallest (a capped water-filling), so the result stays a bound.
    """
    shared = {token: p.listed[token] for token in q.listed if token in p.listed}
    divergence = math.fsum(_term(q.listed[token], pt) for token, pt in shared.items())
    unknown = sorted((qt for token, qt in q.listed.items() if token not in shared), reverse=True)
    mass = max(ROUNDING, 1.0 - math.fsum(shared.values()))
    listed_elsewhere = math.fsum(pt for token, pt in p.listed.items() if token not in q.listed)
    divergence += _smallest_divergence(unknown, q.unlisted, mass, p.ceiling, listed_elsewhere)
    return max(0.0, divergence)


def disjoint(q: TopK, p: TopK) -> bool:
    """Whether no token stands in both lists: the alarm for another tokenizer or model."""
    return not any(token in p.listed for token in q.listed)


def _excess(q: TopK, p: TopK) -> float:
    ceiling = p.ceiling
    return math.fsum(max(0.0, qv - p.listed.get(token, ceiling)) for token, qv in q.listed.items())


def _smallest_divergence(
    unknown: list[float], rest: float, mass: float, ceiling: float, rest_at_least: float
) -> float:
    """min over p of sum q log(q/p) over `unknown` (each p <= ceiling) and the rest (p >= rest_at_least).

    `mass` is what p has for all of them together. `unknown` falls.
    """
    capped = 0
    while True:
        free = math.fsum(unknown[capped:]) + rest
        left = mass - capped * ceiling
        scale = left / free if free > 0 else 0.0
        if capped < len(unknown) and unknown[capped] * scale > ceiling:
            capped += 1
            continue
        break
    rest_mass = rest * scale
    if rest_mass < rest_at_least:
        rest_mass = rest_at_least
        capped = 0
        while True:
            free = math.fsum(unknown[capped:])
            left = max(ROUNDING, mass - rest_mass - capped * ceiling)
            scale = left / free if free > 0 else 0.0
            if capped < len(unknown) and unknown[capped] * scale > ceiling:
                capped += 1
                continue
            break
    given = [ceiling] * capped + [qv * scale for qv in unknown[capped:]]
    return math.fsum(_term(qv, pv) for qv, pv in zip(unknown, given, strict=True)) + _term(rest, rest_mass)


def _term(qv: float, pv: float) -> float:
    """q log(q/p) in nats, 0 for q = 0; p is kept off 0, where the logarithm would have no value."""
    return qv * math.log(qv / max(pv, 1e-300)) if qv > 0.0 else 0.0
