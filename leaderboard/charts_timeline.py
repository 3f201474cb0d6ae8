"""Fidelity over time: the line of a row, and the large picture of one endpoint. Pure geometry.

Across: time, linear. Upward: fidelity on the scale of the board, so that the honest band keeps its room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from leaderboard import charts
from leaderboard.charts import Label
from leaderboard.charts_frontier import Segment

LEFT, RIGHT = 7.0, 97.0
"""Percent of the width between which the runs stand; left of them are the numbers of the scale."""
ROOM = 8.0
"""Percent of the height kept free above the best and below the worst."""
DATES = 4
"""Dates named below the picture, at most."""
SPARK_WIDTH, SPARK_HEIGHT = 64, 20
"""Pixels of the line in a row."""


@dataclass(frozen=True, slots=True)
class Point:
    """One run: when it ended, its fidelity of 0..100 with interval, its address, and how it is marked."""

    when: datetime
    value: float
    low: float
    high: float
    id: str = ""
    tone: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened between the runs, in one or two words and in a sentence."""

    when: datetime
    word: str
    said: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A run's place, percent from the left and from the top, with the ends of its interval."""

    point: Point
    x: float
    y: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole picture; `band` is where the honest field ends, percent from the top."""

    dots: tuple[Dot, ...]
    steps: tuple[Segment, ...]
    events: tuple[Label, ...]
    levels: int
    dates: tuple[Label, ...]
    fidelities: tuple[Label, ...]
    band: float | None


def apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two intervals have nothing in common."""
    return one[1] < other[0] or other[1] < one[0]


def spark(readings: Sequence[tuple[datetime, float]], since: datetime, now: datetime) -> str:
    """The points of a row's line, as SVG's polyline takes them, in whole pixels.

    Empty where no line is to be seen: fewer than two runs, or all of them within a pixel.
    """
    length = max(1.0, (now - since).total_seconds())
    points = []
    for when, value in readings:
        x = (SPARK_WIDTH - 2) * min(1.0, max(0.0, (when - since).total_seconds() / length))
        y = (SPARK_HEIGHT - 2) * (1.0 - charts.position(value) / 100.0)
        points.append((1 + round(x), 1 + round(y)))
    if len({x for x, _ in points}) < 2:
        return ""
    return " ".join(f"{x},{y}" for x, y in points)


def timeline(
    points: Sequence[Point], events: Sequence[Event] = (), band: float | None = None, *, width: float = 400
) -> Timeline | None:
    """The picture of at least two runs, oldest first; None for fewer, which have no course.

    `width` is about how many pixels wide it is drawn, so that no two words overlap.
    """
    if len(points) < 2:
        return None
    moments = [point.when for point in points] + [event.when for event in events]
    first, last = min(moments), max(moments)
    length = max(1.0, (last - first).total_seconds())
    worst = charts.position(min([point.low for point in points] + ([] if band is None else [band])))
    best = charts.position(100.0)

    def across(when: datetime) -> float:
        return LEFT + (RIGHT - LEFT) * (when - first).total_seconds() / length

    def down(fidelity: float) -> float:
        share = (best - charts.position(max(0.0, fidelity))) / max(1e-9, best - worst)
        return ROOM + (100.0 - 2 * ROOM) * min(1.0, share)

    dots = tuple(
        Dot(point, across(point.when), down(point.value), down(point.high), down(point.low))
        for point in points
    )
    named = charts.place([(across(event.when), event.word) for event in events], width=width, letter=7.0)
    return Timeline(
        dots=dots,
        steps=tuple(Segment(one.x, one.y, other.x, other.y) for one, other in pairwise(dots)),
        events=named,
        levels=1 + max((label.level for label in named), default=0),
        dates=_dates(first, last),
        fidelities=tuple(
            Label(down(tick), f"{tick:g}")
            for tick in charts.NARROW_TICKS
            if tick < 100.0 and charts.position(tick) >= worst
        ),
        band=None if band is None else down(band),
    )


def _dates(first: datetime, last: datetime) -> tuple[Label, ...]:
    """Moments in even steps, as days, or as times of the day where all is within two days."""
    length = last - first
    found: dict[str, Label] = {}
    for number in range(DATES):
        share = number / (DATES - 1)
        when = first + length * share
        text = f"{when:%H:%M}" if length < timedelta(days=2) else f"{when.day} {when:%b}"
        anchor = "end" if share == 1 else "middle"
        found.setdefault(text, Label(LEFT + (RIGHT - LEFT) * share, text, anchor))
    return tuple(found.values())
