"""Counts that no row holds, of all processes together: each gathers its own, and adds them up in Redis.

They are for watching and never for facts. What Redis forgets begins anew at zero, as is expected of a
counter; while it does not answer, a process keeps what it has gathered, and nobody waits.
"""

from __future__ import annotations

import json
import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock

import redis
import structlog

from verifier.services.redis_connection import connection

log = structlog.get_logger(__name__)

KEY = "assay.tallies"
RETRY_SECONDS = 5.0
"""After Redis failed, it is left in peace for so long."""
FLUSH_SECONDS = 1.0
TOTAL, SUM = "total", "sum"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Something that is counted. `name` and `said` are what the metrics call it and say of it."""

    name: str
    said: str

    def add(self, **labels: str) -> None:
        """Count one. Neither waits nor fails."""
        _gather(self.name, TOTAL, labels, 1)


@dataclass(frozen=True, slots=True)
class Timing:
    """Something whose length is measured: how many took at most so many seconds, for each of `edges`."""

    name: str
    said: str
    edges: tuple[float, ...]

    def add(self, seconds: float, **labels: str) -> None:
        """Count one that took so long. Neither waits nor fails."""
        place = bisect_left(self.edges, seconds)
        _gather(self.name, f"{self.edges[place]:g}" if place < len(self.edges) else "+Inf", labels, 1)
        _gather(self.name, SUM, labels, seconds)


@dataclass(frozen=True, slots=True)
class Lengths:
    """What was measured under one set of labels: `counts[i]` were at most as long as edge i, the last all."""

    counts: tuple[int, ...]
    seconds: float


class Tallied:
    """What all processes counted, as Redis had it at one moment."""

    def __init__(self, found: Mapping[str, float]) -> None:
        self._found: dict[str, dict[Labels, dict[str, float]]] = {}
        for field, value in found.items():
            name, what, labels = json.loads(field)
            key = tuple((label, text) for label, text in labels)
            self._found.setdefault(name, {}).setdefault(key, {})[what] = value

    def counts(self, tally: Tally) -> dict[Labels, int]:
        """How many, by labels."""
        return {labels: int(found[TOTAL]) for labels, found in self._found.get(tally.name, {}).items()}

    def lengths(self, timing: Timing) -> dict[Labels, Lengths]:
        """How long, by labels."""
        edges = [*(f"{edge:g}" for edge in timing.edges), "+Inf"]
        return {
            labels: Lengths(
                tuple(accumulate(int(found.get(edge, 0)) for edge in edges)), float(found.get(SUM, 0.0))
            )
            for labels, found in self._found.get(timing.name, {}).items()
        }


def flush() -> None:
    """Add what this process gathered to what Redis holds, in one round trip."""
    global _silent_until
    if not _gathered or time.monotonic() < _silent_until:
        return
    with _lock:
        ours = dict(_gathered)
        _gathered.clear()
    try:
        pipeline = connection().pipeline()
        for field, value in ours.items():
            pipeline.hincrbyfloat(KEY, field, value)
        pipeline.execute()
    except redis.RedisError as error:
        _silent_until = time.monotonic() + RETRY_SECONDS
        with _lock:
            for field, value in ours.items():
                _gathered[field] += value
        log.warning("tallies are kept back", reason=str(error))


def flush_soon() -> None:
    """As `flush`, for what happens often: at most once in FLUSH_SECONDS."""
    global _flushed
    if time.monotonic() >= _flushed + FLUSH_SECONDS:
        _flushed = time.monotonic()
        flush()


def tallied() -> Tallied | None:
    """What all processes counted; None while Redis does not answer. One round trip."""
    try:
        found: dict[bytes, bytes] = connection().hgetall(KEY)  # type: ignore[assignment]
    except redis.RedisError:
        return None
    return Tallied({field.decode(): float(value) for field, value in found.items()})


def _gather(name: str, what: str, labels: Mapping[str, str], value: float) -> None:
    field = json.dumps([name, what, sorted(labels.items())], separators=(",", ":"))
    with _lock:
        _gathered[field] += value


def _begin_anew() -> None:
    """A forked process has counted nothing yet: what its parent gathered is its parent's."""
    global _lock
    _lock = Lock()
    _gathered.clear()


_gathered: defaultdict[str, float] = defaultdict(float)
_lock = Lock()
_silent_until = _flushed = 0.0
os.register_at_fork(after_in_child=_begin_anew)
