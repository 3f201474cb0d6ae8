"""What goes wrong, and when: at so many ended runs, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

WORKER, BROKER, FLUSH, DATABASE = "worker killed", "Redis killed", "FLUSHALL", "PostgreSQL crashed"
MANY = (*[WORKER] * 10, *[BROKER] * 2, FLUSH, DATABASE)
FEW = (WORKER, BROKER, DATABASE)
FIRST, LAST = 0.05, 0.9
"""Shares of the runs between which all of them fall."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`what` happens once `after` runs have ended."""

    after: int
    what: str


def plan(kinds: Sequence[str], runs: int, seed: int) -> list[Fault]:
    """Each of `kinds` once, at drawn moments in a drawn order."""
    draw = random.Random(seed)
    moments = sorted(draw.randint(round(FIRST * runs), round(LAST * runs)) for _ in kinds)
    return [Fault(*one) for one in zip(moments, draw.sample(kinds, len(kinds)), strict=True)]
