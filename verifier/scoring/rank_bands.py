"""Ranks that do not pretend to know more than the intervals do (METHOD.md section 5, *rank bands*)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A fidelity with its 95 % interval, all in points of 0..100, `low <= value <= high`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of a band's leader (1 is the best) and whether the band holds more than one entry."""

    place: int
    tied: bool

    def __str__(self) -> str:
        return f"={self.place}" if self.tied else str(self.place)


def rank_bands(entries: Sequence[Interval]) -> tuple[Rank, ...]:
    """The rank of every entry, in the order given.

    Sorted by falling value, the first entry leads a band; the band extends while an interval overlaps its
    leader's (touching counts), and the first that does not overlap leads the next band. All of a band share
    its leader's place, as runners do who cannot be told apart. Overlap is with the leader only, so a chain
    of small steps never ties the best with the worst.

    Raises ValueError when an entry's value lies outside its own interval.
    """
    for entry in entries:
        if not entry.low <= entry.value <= entry.high:
            raise ValueError(f"a value must lie in its own interval, got {entry}")
    order = sorted(range(len(entries)), key=lambda i: (-entries[i].value, -entries[i].low, i))
    bands: list[list[int]] = []
    for index in order:
        if bands and entries[index].high >= entries[bands[-1][0]].low:
            bands[-1].append(index)
        else:
            bands.append([index])
    ranks: dict[int, Rank] = {}
    place = 1
    for band in bands:
        for index in band:
            ranks[index] = Rank(place, len(band) > 1)
        place += len(band)
    return tuple(ranks[index] for index in range(len(entries)))
