"""Metrics in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from leaderboard.selectors import Figure

MEDIA_TYPE = CONTENT_TYPE_LATEST
FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class _Figures(Collector):
    """Figures that were counted just now."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = list(figures)

    def collect(self) -> Iterator[Metric]:
        """One family for each name."""
        families: dict[str, Metric] = {}
        for one in self._figures:
            if one.name not in families:
                names = [name for name, _ in one.labels]
                families[one.name] = FAMILIES[one.kind](one.name, one.said, labels=names)
            families[one.name].add_metric([value for _, value in one.labels], one.value)  # type: ignore[attr-defined]
        yield from families.values()


def export(figures: Iterable[Figure]) -> bytes:
    """The figures as text."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    return generate_latest(registry)
