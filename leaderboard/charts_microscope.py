"""Divergences to geometry: one place among all of its run, on a logarithmic scale from 0.001 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from leaderboard.charts import Label, Span

LEAST = 0.001
"""Divergences from here to 1 get the scale; what is smaller stands at its left end."""

LEVELS = (0.02, 0.06, 0.18, 0.5)
"""Where a token's mark becomes heavier: a third of a power of ten or so each."""

TICKS = (
    Label(0.0, "0.001", "start"),
    Label(100 / 3, "0.01"),
    Label(200 / 3, "0.1"),
    Label(100.0, "1", "end"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A place among the others: its own position, theirs, and the stretch of the honest ones; percent."""

    x: float
    others: tuple[float, ...]
    honest: Span | None


def position(divergence: float) -> float:
    """Where a divergence of 0..1 stands, percent of the width."""
    return 100.0 * (1.0 + log10(min(1.0, max(LEAST, divergence))) / -log10(LEAST))


def level(divergence: float) -> int:
    """How heavily a token is marked, 0 to 4."""
    return sum(divergence >= edge for edge in LEVELS)


def standing(divergence: float, others: Sequence[float], honest: Sequence[float]) -> Standing:
    """One place of a run, the run's other places, and what honest deployments show at this one.

    The honest stretch begins at the scale's left end: to be nearer than they are is honest too.
    """
    return Standing(
        position(divergence),
        tuple(sorted({round(position(other), 1) for other in others})),
        Span(0.0, max(1.0, position(max(honest)))) if honest else None,
    )
