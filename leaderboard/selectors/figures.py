"""What a metric is."""

from __future__ import annotations

from dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the metrics. `kind`: gauge or counter; `labels` tell figures of one name apart."""

    name: str
    kind: str
    said: str
    value: float
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """How long things took: `counts[i]` of them at most `edges[i]` seconds, the last count all of them."""

    name: str
    said: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    seconds: float
    labels: Labels = ()
