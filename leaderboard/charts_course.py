"""How the evidence of a run grows towards what is enough: two lines under one mark. Pure geometry.

Across: requests done, linear. Upward: the logarithm of the e-value, as a share of the logarithm of what it
takes, so that both sides end at the same height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

WIDTH, HEIGHT = 200.0, 48.0
"""Of the picture's own coordinates, which stretch with its column."""

Reading = tuple[int, float, float]
"""Requests done, the e-value against honesty, the e-value for faithfulness."""


@dataclass(frozen=True, slots=True)
class Course:
    """Both lines, as SVG's polyline takes them, and where they are now."""

    deviation: str
    faithfulness: str
    latest: Reading


def course(readings: Sequence[Reading], planned: int, needed: tuple[float, float]) -> Course | None:
    """The picture of a run that has weighed something; `needed`: the e-values that are enough, above 1."""
    if not readings:
        return None
    most = max(planned, readings[-1][0], 1)

    def line(place: int) -> str:
        points = [(0.0, HEIGHT)]
        for done, *e_values in readings:
            share = log(max(1.0, e_values[place])) / log(needed[place])
            points.append((WIDTH * done / most, HEIGHT * (1.0 - min(1.0, share))))
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    done, *latest = readings[-1]
    return Course(line(0), line(1), (done, latest[0], latest[1]))
