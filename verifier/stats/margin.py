"""The margin statistic: how far from the reference's best choice a greedy token lies.

Token-DiFR (arXiv 2511.20621) without its shared seed: margin = max_v log q(v) - log q(y) for the token y
that the endpoint chose at temperature 0, clipped at 0.5 nats and divided by it.
"""

from __future__ import annotations

from collections.abc import Mapping

CLIP = 0.5
"""Nats beyond which a choice counts as wholly different."""


def margin(reference: Mapping[bytes, float], chosen: bytes) -> float:
    """The clipped margin of `chosen` in [0, 1] under the reference's log-probabilities (nats).

    A token the reference does not list counts as 1: with k >= 2 at a near-tie it lies beyond the clip.
    """
    if chosen not in reference:
        return 1.0
    return min(CLIP, max(reference.values()) - reference[chosen]) / CLIP


def gap(reference: Mapping[bytes, float]) -> float | None:
    """Nats between the reference's two most likely tokens; None with fewer than two listed."""
    if len(reference) < 2:
        return None
    first, second = sorted(reference.values(), reverse=True)[:2]
    return first - second
