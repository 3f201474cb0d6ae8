"""The methodology page's picture, as numbers: tokens to detection on a logarithmic scale.

As in `charts`, horizontal positions are percentages of the picture's width and heights are the template's
business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import log

from leaderboard.charts import Label

LEFT, RIGHT = 2.5, 97.5
"""Where one token and the last tick stand, percent of the width."""
NARROWEST = 290.0
"""Pixels of the narrowest plot: what fits there fits everywhere."""
LETTER = 6.6
"""A generous width of one letter in pixels."""
GAP = 10.0
"""Pixels between a mark and its words."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic scale from 1 token to `most`."""

    most: float

    def position(self, tokens: float) -> float:
        """Where a number of tokens stands, in percent; what lies outside the scale stands at its end."""
        inside = min(self.most, max(1.0, tokens))
        return min(RIGHT, LEFT + (RIGHT - LEFT) * log(inside) / log(self.most))


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale. `major` ticks are powers of ten: only they have room for a number everywhere."""

    x: float
    text: str
    major: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One degradation at one level of evidence.

    `x` is the median and `end` the 90 % quantile, both None where nothing was detected; `reach` is where
    the promised share of runs must be decided. `side` is the sign of the gap between the mark and `note`.
    """

    x: float | None
    end: float | None
    reach: float | None
    note: Label
    side: int


def scale(tokens: Sequence[float]) -> Scale:
    """The scale that holds all these numbers of tokens and ends at a round one (at least 10)."""
    largest = max(tokens, default=1.0)
    return Scale(next(end for end in _round_numbers() if end >= max(10.0, largest)))


def ticks(over: Scale) -> tuple[Tick, ...]:
    """Lines at 1, 2, 5, 10, 20, 50 and so on, as far as the scale reaches."""
    found = []
    for number in _round_numbers():
        if number > over.most:
            break
        text = f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        found.append(Tick(over.position(number), text, text[0] == "1"))
    return tuple(found)


def _round_numbers() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50 and so on."""
    return (step * 10**power for power in count() for step in (1, 2, 5))


def lane(over: Scale, median: float | None, p90: float | None, reach: float | None, words: str) -> Lane:
    """The lane of one row, with `words` where they touch neither the mark nor the reach, if there is room.

    They stand behind the line, beyond the reach where that would run through them; else before the dot;
    else at the picture's right edge. Without a mark they stand there too: what was not found lies beyond.
    """
    at = None if reach is None else over.position(reach)
    if median is None or p90 is None:
        return Lane(None, None, at, Label(RIGHT, words, "end"), 0)
    x, end = over.position(median), over.position(p90)
    room = (len(words) * LETTER + GAP) / NARROWEST * 100
    start = at if at is not None and end <= at < end + room else end
    if start + room <= 100:
        return Lane(x, end, at, Label(start, words, "start"), 1)
    if x - room >= 0:
        return Lane(x, end, at, Label(x, words, "end"), -1)
    return Lane(x, end, at, Label(100.0, words, "end"), 0)
