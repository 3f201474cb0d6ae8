"""Metrics in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from leaderboard.selectors import Figure, Spread

MEDIA_TYPE = CONTENT_TYPE_LATEST
FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}


class _Figures(Collector):
    """Figures that were counted just now."""

    def __init__(self, figures: Iterable[Figure | Spread]) -> None:
        self._figures = list(figures)

    def collect(self) -> Iterator[Metric]:
        """One family for each name."""
        families: dict[str, Metric] = {}
        for one in self._figures:
            if one.name not in families:
                kind = "histogram" if isinstance(one, Spread) else one.kind
                names = [name for name, _ in one.labels]
                families[one.name] = FAMILIES[kind](one.name, one.said, labels=names)
            families[one.name].add_metric([value for _, value in one.labels], **_values(one))  # type: ignore[attr-defined]
        yield from families.values()


def _values(one: Figure | Spread) -> dict[str, Any]:
    if isinstance(one, Figure):
        return {"value": one.value}
    edges = [*(f"{edge:g}" for edge in one.edges), "+Inf"]
    return {"buckets": list(zip(edges, one.counts, strict=True)), "sum_value": one.seconds}


def export(figures: Iterable[Figure | Spread]) -> bytes:
    """The figures as text."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    return generate_latest(registry)
