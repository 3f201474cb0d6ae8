"""What the API reads: documents as they were published."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from leaderboard.documents import NOT_YET, VERDICTS
from leaderboard.models import Change, ChangeKind, PublishedEndpoint, Snapshot
from verifier.models import Provider, Run


def served_models() -> QuerySet[Snapshot]:
    """Every published model without its board."""
    return Snapshot.objects.only("summary", "published").order_by("pk")


def served_model(org: str, name: str) -> Snapshot | None:
    """One published model without its board. One query."""
    return Snapshot.objects.only("summary", "published").filter(model__org=org, model__name=name).first()


def served_board(org: str, name: str) -> Snapshot | None:
    """What tells one board of a model from another, without its rows. One query."""
    return Snapshot.objects.only("digest", "published").filter(model__org=org, model__name=name).first()


def served_endpoints() -> QuerySet[PublishedEndpoint]:
    """What is published of every listed endpoint."""
    return PublishedEndpoint.objects.only("document", "changed").order_by("pk")


def served_endpoint(endpoint_id: UUID) -> PublishedEndpoint | None:
    """What is published of one endpoint. One query."""
    return PublishedEndpoint.objects.only("document", "changed").filter(pk=endpoint_id).first()


def served_providers() -> QuerySet[Provider]:
    """Providers with a listed endpoint: how many (`offers`), and of each verdict, as `counted` reads them."""
    verdicts = {_column(name): _with(name) for name in VERDICTS}
    return (
        Provider.objects.filter(published_endpoints__isnull=False)
        .annotate(
            offers=Count("published_endpoints"), changed=Max("published_endpoints__changed"), **verdicts
        )
        .order_by("pk")
    )


def counted(provider: Provider) -> dict[str, int]:
    """How many listed endpoints of a provider from `served_providers` have each verdict."""
    return {name: int(getattr(provider, _column(name))) for name in VERDICTS}


def served_changes() -> QuerySet[Change]:
    """Every change of what is published, the newest first: of what is listed now, and what was taken off."""
    listed = Q(endpoint__published__isnull=False) | Q(kind=ChangeKind.DELISTED)
    return Change.objects.filter(listed).order_by("-pk")


def verdicts_published_with(run_id: UUID) -> frozenset[str]:
    """The verdicts that were published with this run: empty where it never spoke. One query."""
    return frozenset(Change.objects.filter(run=run_id).values_list("verdict", flat=True))


def change_document(change: Change) -> dict[str, Any]:
    """A change as it is served."""
    return {"id": str(change.pk), "at": change.at.isoformat(), "kind": change.kind, **change.document}


def columns_of(run: Run) -> dict[str, Any]:
    """A run's columns, as `run_documents.document` takes them."""
    return {
        "id": str(run.pk),
        "endpoint": str(run.endpoint_id),
        "model": run.endpoint.model.slug,
        "state": run.state,
        "trigger": run.trigger,
        "created": _text(run.created),
        "started": _text(run.started),
        "ended": _text(run.ended),
        "done": run.done,
        "planned": run.planned,
        "verdict": run.verdict,
        "accusation": run.accusation,
        "result": run.result,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _column(verdict: str) -> str:
    return "of_" + verdict.replace("-", "_")


def _with(verdict: str) -> Count:
    stored = "" if verdict == NOT_YET else verdict
    return Count("published_endpoints", filter=Q(published_endpoints__verdict=stored))
