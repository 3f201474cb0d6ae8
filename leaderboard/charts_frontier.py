"""Fidelity against what it costs, in money or in time, and who is not beaten in both. Pure geometry.

Across: cost on a logarithmic scale, cheap at the left. Upward: fidelity on the scale of the board. The
frontier is a staircase of those that nobody beats in fidelity at the same or a lower cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from leaderboard import charts
from leaderboard.charts import Label

MARGIN = 1.25
"""The scale of costs reaches this factor beyond the cheapest and the dearest."""
ROOM = 6.0
"""Percent of the height kept free above the best and below the worst."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One endpoint: its cost (above 0), its fidelity of 0..100 with interval, and how it is marked."""

    id: str
    label: str
    tone: str
    cost: float
    fidelity: float
    low: float
    high: float
    said: str


@dataclass(frozen=True, slots=True)
class Dot:
    """An endpoint's place, percent from the left and from the top, with the ends of its interval."""

    offer: Offer
    x: float
    y: float
    top: float
    bottom: float
    leads: bool
    anchor: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One straight stretch of the staircase, percent."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """The whole plot; `band` is where the honest field ends, percent from the top."""

    dots: tuple[Dot, ...]
    steps: tuple[Segment, ...]
    costs: tuple[Label, ...]
    fidelities: tuple[Label, ...]
    band: float | None


def unbeaten(offers: Sequence[Offer]) -> list[Offer]:
    """Those that no other beats: nobody as cheap is more faithful. The cheapest first."""
    found: list[Offer] = []
    for offer in sorted(offers, key=lambda one: (one.cost, -one.fidelity, one.id)):
        if not found or offer.fidelity > found[-1].fidelity:
            found.append(offer)
    return found


def frontier(offers: Sequence[Offer], band: float | None = None) -> Frontier | None:
    """The plot of at least two offers; None for fewer, which make no picture. `band`: as on the board."""
    known = [offer for offer in offers if offer.cost > 0]
    if len(known) < 2:
        return None
    cheap = min(offer.cost for offer in known) / MARGIN
    dear = max(offer.cost for offer in known) * MARGIN
    worst = charts.position(min(offer.low for offer in known))
    best = charts.position(100.0)

    def across(cost: float) -> float:
        return 100.0 * log10(cost / cheap) / log10(dear / cheap)

    def down(fidelity: float) -> float:
        share = (best - charts.position(max(0.0, fidelity))) / max(1e-9, best - worst)
        return ROOM + (100.0 - 2 * ROOM) * min(1.0, share)

    leading = unbeaten(known)
    ids = {offer.id for offer in leading}
    dots = tuple(
        Dot(
            offer,
            across(offer.cost),
            down(offer.fidelity),
            down(offer.high),
            down(offer.low),
            offer.id in ids,
            "end" if across(offer.cost) > 70 else "start",
        )
        for offer in known
    )
    return Frontier(
        dots=dots,
        steps=_staircase([(across(offer.cost), down(offer.fidelity)) for offer in leading]),
        costs=tuple(Label(across(cost), f"{cost:g}") for cost in _round_costs(cheap, dear)),
        fidelities=tuple(
            Label(down(tick), f"{tick:g}") for tick in charts.NARROW_TICKS if charts.position(tick) >= worst
        ),
        band=None if band is None else down(band),
    )


def _staircase(corners: Sequence[tuple[float, float]]) -> tuple[Segment, ...]:
    """From each corner to the right, then up to the next one; the last runs out to the edge."""
    found: list[Segment] = []
    for (x, y), (further, higher) in pairwise(corners):
        found += [Segment(x, y, further, y), Segment(further, y, further, higher)]
    x, y = corners[-1]
    return (*found, Segment(x, y, 100.0, y))


def _round_costs(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between both, thinned out where there are many."""
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    found = [cost for cost in found if low <= cost <= high]
    return found if len(found) <= 7 else [cost for cost in found if f"{cost:e}"[0] == "1"]
