"""The log as static files that anybody can mirror, as C2SP tlog-tiles lays them out. Pure.

https://c2sp.org/tlog-tiles: a tile holds 256 hashes of one level, an entry bundle 256 entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leaderboard.integrity.merkle import Node

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_ENTRY = 2**16 - 1
"""Bytes of one entry: its length is written in two."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes of one level. `width` is below 256 for the last tile of a level, which a longer log replaces."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"tile/{self.level}/{_number(self.number)}{_partial(self.width)}"

    @property
    def nodes(self) -> list[Node]:
        """The subtrees whose hashes it holds."""
        first = self.number * WIDTH
        return [(self.level * HEIGHT, first + place) for place in range(self.width)]


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many entries, one after the other."""

    number: int
    width: int

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"tile/entries/{_number(self.number)}{_partial(self.width)}"

    @property
    def span(self) -> tuple[int, int]:
        """The first entry and the one behind the last."""
        return self.number * WIDTH, self.number * WIDTH + self.width


def tiles(size: int) -> Iterator[Tile]:
    """Every tile of a log of `size` entries."""
    level, count = 0, size
    while count:
        yield from (Tile(level, number, width) for number, width in _numbered(count))
        level, count = level + 1, count >> HEIGHT


def bundles(size: int) -> Iterator[Bundle]:
    """Every entry bundle of a log of `size` entries."""
    yield from (Bundle(number, width) for number, width in _numbered(size))


def pack(entries: Sequence[bytes]) -> bytes:
    """An entry bundle's bytes: each entry behind its length. Raises ValueError for one of 65,536 bytes."""
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise ValueError(f"an entry has at most {MAX_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _numbered(count: int) -> Iterator[tuple[int, int]]:
    yield from ((number, WIDTH) for number in range(count // WIDTH))
    if count % WIDTH:
        yield count // WIDTH, count % WIDTH


def _number(number: int) -> str:
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
