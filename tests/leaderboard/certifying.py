"""Endpoints that come to be certified, and what happens to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from leaderboard import services
from leaderboard.certification import State
from leaderboard.models import Certificate
from tests.leaderboard import factories
from verifier.models import RECHECK, Endpoint, Monitor, Run, RunState
from verifier.signals import run_ended
from verifier.stats.e_detector import EDetector


def known(label: str = "One", **values: Any) -> Endpoint:
    """An endpoint that has been what it is for ten days; its model has a baseline in name."""
    found = factories.endpoint(label, **values)
    factories.baseline(found.model)
    Endpoint.objects.filter(pk=found.pk).update(changed=timezone.now() - timedelta(days=10))
    found.refresh_from_db()
    return found


def ended(
    endpoint: Endpoint, verdict: str, *, trigger: str = "operator", e_value: float = 1e6, ago: float = 0.0
) -> Run:
    """A run that ended so many hours ago, announced as the worker does."""
    if verdict == "faithful":
        found = factories.faithful()
    else:
        found = factories.result(verdict, (97.21, 96.74, 97.63) if verdict == "deviating" else None)
    accuses = e_value if verdict == "deviating" else None
    asked = timezone.now() - timedelta(hours=ago)
    Run.objects.filter(endpoint=endpoint, state=RunState.QUEUED).delete()
    run = factories.run(
        endpoint, found, ended=timezone.now() - timedelta(hours=ago), trigger=trigger, e_value=accuses
    )
    Run.objects.filter(pk=run.pk).update(created=asked)
    run_ended.send(sender=Run, run_id=run.pk, state=run.state)
    return run


def alarm(endpoint: Endpoint) -> datetime:
    """The monitor gives an alarm now."""
    now = timezone.now()
    known = {"baseline": "sha256:0", "started": now, "alarms": 1, "alarmed": now}
    Monitor.objects.update_or_create(
        endpoint=endpoint, defaults={"state": EDetector(0.01, 1e5).state(), **known}
    )
    return now


def certified(endpoint: Endpoint) -> Certificate:
    ended(endpoint, "faithful", ago=1)
    found = services.request_certificate(endpoint)
    assert found.state == State.CERTIFIED
    return found


def suspended(endpoint: Endpoint) -> Certificate:
    """Certified, doubted, and confirmed to deviate."""
    found = certified(endpoint)
    ended(endpoint, "deviating")
    ended(endpoint, "deviating", trigger=RECHECK)
    found.refresh_from_db()
    assert found.state == State.SUSPENDED
    return found
