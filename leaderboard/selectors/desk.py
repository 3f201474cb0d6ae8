"""What the operator has to look after, in few queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from leaderboard.models import Certificate, Delivery, DeliveryState, Dispute
from leaderboard.selectors.certificates import live_certificates
from leaderboard.selectors.disputes import open_disputes
from verifier.models import Baseline, Endpoint, Run, RunState
from verifier.selectors import runs_in_progress

SHOWN = 25
LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests to one endpoint within a day, and within thirty."""

    endpoint: str
    day: int
    month: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything on the desk. `dead`: jobs that were delivered too often, and alerts that nobody took."""

    in_progress: list[Run]
    failed: list[Run]
    dead_runs: int
    failed_baselines: list[Baseline]
    dead_deliveries: list[Delivery]
    waiting_deliveries: int
    disputes: list[Dispute]
    moving: list[Certificate]
    unlisted: list[Endpoint]
    spent: list[Spent]


def desk(now: datetime) -> Desk:
    """What there is to do now. Ten queries, however much there is."""
    lately = now - LATELY
    failed = Run.objects.filter(state=RunState.FAILED, ended__gte=lately).select_related("endpoint")
    dead = Delivery.objects.filter(state=DeliveryState.DEAD, created__gte=lately)
    return Desk(
        in_progress=list(runs_in_progress()[:SHOWN]),
        failed=list(failed.defer("result").order_by("-ended")[:SHOWN]),
        dead_runs=failed.filter(deliveries__gte=settings.MAX_DELIVERIES).count(),
        failed_baselines=list(
            Baseline.objects.filter(state="failed", ended__gte=lately)
            .select_related("model")
            .defer("data")
            .order_by("-ended")[:SHOWN]
        ),
        dead_deliveries=list(
            dead.select_related("alert", "webhook", "subscription").order_by("-created")[:SHOWN]
        ),
        waiting_deliveries=Delivery.objects.filter(state=DeliveryState.WAITING).count(),
        disputes=list(open_disputes()[:SHOWN]),
        moving=list(
            live_certificates()
            .exclude(state="certified")
            .select_related("endpoint")
            .order_by("moved")[:SHOWN]
        ),
        unlisted=list(
            Endpoint.objects.filter(listed=False)
            .select_related("provider", "model")
            .order_by("-created")[:SHOWN]
        ),
        spent=_spent(now),
    )


def _spent(now: datetime) -> list[Spent]:
    asked = (
        Run.objects.filter(created__gte=now - timedelta(days=30))
        .values("endpoint__label")
        .annotate(
            month=Sum("done"),
            day=Sum("done", filter=Q(created__gte=now - timedelta(days=1))),
        )
        .order_by("-month")[:SHOWN]
    )
    return [Spent(one["endpoint__label"], one["day"] or 0, one["month"] or 0) for one in asked]
