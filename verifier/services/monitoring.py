"""Watching endpoints from run to run: every run feeds its endpoint's e-detector (METHOD.md section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from verifier.models import Endpoint, Monitor
from verifier.stats.e_detector import EDetector, threshold_for

log = structlog.get_logger(__name__)


def feed(endpoint: Endpoint, result: Mapping[str, Any]) -> bool:
    """Take in the deviations that decided a run, in order; whether they gave an alarm.

    A detector that was begun against another baseline, tolerance or threshold is replaced by a new one, and
    so is one that gave its alarm: the rest of that run is not fed to it. Called in the transaction that
    completes the run, so that every run is fed once. A result without deciding scores changes nothing.
    """
    scores: Sequence[float] = result.get("decision_scores") or ()
    delta = (result.get("honest_band") or {}).get("delta")
    if not scores or delta is None:
        return False
    now = timezone.now()
    threshold = threshold_for(settings.MONITOR_PROBES_PER_DAY)
    monitor = Monitor.objects.select_for_update().filter(endpoint=endpoint).first()
    detector = None if monitor is None else _going_on(monitor, result["baseline"], delta, threshold)
    if monitor is None:
        monitor = Monitor(endpoint=endpoint)
    if detector is None:
        detector = EDetector(delta, threshold)
        monitor.baseline, monitor.started = result["baseline"], now
    alarm = any(detector.update(score) for score in scores)
    if alarm:
        log.warning("alarm", endpoint=str(endpoint.pk), probes=detector.n, statistic=detector.statistic)
        detector = EDetector(delta, threshold)
        monitor.started = monitor.alarmed = now
        monitor.alarms += 1
    monitor.state = detector.state()
    monitor.save()
    return alarm


def _going_on(monitor: Monitor, baseline: str, delta: float, threshold: float) -> EDetector | None:
    """The stored detector if it watches for the same thing, else None."""
    try:
        detector = EDetector.from_state(monitor.state)
    except ValueError:
        return None
    same = (monitor.baseline, detector.delta, detector.threshold) == (baseline, delta, threshold)
    return detector if same else None
