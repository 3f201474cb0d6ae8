"""What is read of certificates, and the facts that move them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from leaderboard import publication
from leaderboard.certification import ENDED, HOLDS, Facts, Measured, State
from leaderboard.models import Certificate, CertificateStep, Dispute, DisputeOutcome
from leaderboard.selectors.boards import evidence_of_listed
from verifier.models import LOOK, Endpoint, Monitor, Run, RunState, Verdict
from verifier.scoring import policy

FRESH = timedelta(days=7)
"""A run that ended so long before a certificate was asked for may still grant it."""


def certificate(certificate_id: UUID) -> Certificate | None:
    """A certificate of a listed endpoint with its steps, newest last. Two queries."""
    return _with_steps().filter(pk=certificate_id, endpoint__listed=True).first()


def certificates_of(endpoint_id: UUID) -> list[Certificate]:
    """All certificates of an endpoint, newest first. Two queries."""
    return list(_with_steps().filter(endpoint=endpoint_id).order_by("-created", "-id"))


def published_certificates(endpoint_ids: Iterable[UUID]) -> dict[UUID, dict[str, str | None]]:
    """Of each endpoint its latest certificate that was granted, as the board tells it. One query."""
    found = Certificate.objects.filter(endpoint__in=list(endpoint_ids), certified__isnull=False)
    return {
        one.endpoint_id: {
            "id": str(one.pk),
            "state": one.state,
            "since": one.moved.isoformat(),
            "expires": one.expires.isoformat(),
            "url": f"/certificates/{one.pk}/",
        }
        for one in found.order_by("created", "pk").defer("document")
    }


def live_certificate(endpoint_id: UUID) -> Certificate | None:
    """The one that has not ended; at most one has not."""
    return Certificate.objects.filter(endpoint=endpoint_id).exclude(state__in=ENDED).first()


def live_certificates() -> QuerySet[Certificate]:
    """All that have not ended, those that end first first."""
    return Certificate.objects.exclude(state__in=ENDED).order_by("expires", "pk")


def certified_of(model_id: UUID) -> frozenset[str]:
    """The ids, as text, of the model's endpoints whose certificate holds. One query."""
    found = Certificate.objects.filter(endpoint__model=model_id, state__in=HOLDS)
    return frozenset(str(key) for key in found.values_list("endpoint", flat=True))


def facts_about(certificate: Certificate, now: datetime) -> Facts:
    """What is known of the endpoint since the certificate came into its state."""
    endpoint = certificate.endpoint
    since = certificate.moved
    if certificate.state == State.PENDING:
        since -= FRESH
    monitor = Monitor.objects.filter(endpoint=endpoint).first()
    return Facts(
        now=now,
        runs=deep_runs(endpoint, since),
        accused_by=accusing_run(endpoint.pk),
        alarmed=None if monitor is None else monitor.alarmed,
        changed=endpoint.changed,
        listed=endpoint.listed,
        objection=Dispute.objects.filter(endpoint=endpoint, outcome="").exists(),
    )


def deep_runs(endpoint: Endpoint, since: datetime) -> tuple[Measured, ...]:
    """The complete public runs of the present deployment that ended since then, looks aside; oldest first."""
    runs = (
        Run.objects.filter(
            endpoint=endpoint,
            state=RunState.COMPLETE,
            private=False,
            created__gte=endpoint.changed,
            ended__gte=since,
        )
        .exclude(Q(trigger=LOOK) | Q(verdict=Verdict.NOT_MEASURED))
        .exclude(disputes__outcome=DisputeOutcome.CORRECTED)
        .order_by("ended", "pk")
    )
    known = runs.values_list("pk", "verdict", "created", "ended")
    return tuple(Measured(str(pk), verdict, asked, ended) for pk, verdict, asked, ended in known if ended)


def accusing_run(endpoint_id: UUID) -> str | None:
    """The run whose accusation of this endpoint is published: it holds among all that are listed."""
    listed = evidence_of_listed()
    if endpoint_id not in listed:
        return None
    standing = publication.standings({str(key): one.runs for key, one in listed.items()}).get(
        str(endpoint_id)
    )
    if standing is None or standing.awaits is not None:
        return None
    verdicts = {run.run: run.verdict for run in listed[endpoint_id].runs}
    return standing.run if verdicts.get(standing.run) in policy.ACCUSING else None


def _with_steps() -> QuerySet[Certificate]:
    steps = Prefetch("steps", CertificateStep.objects.order_by("number"))
    return Certificate.objects.select_related(
        "endpoint__model", "endpoint__provider", "run"
    ).prefetch_related(steps)
