"""What the API reads: documents as they were published."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from leaderboard.models import PublishedEndpoint, Snapshot


def served_models() -> QuerySet[Snapshot]:
    """Every published model without its board."""
    return Snapshot.objects.only("summary", "published").order_by("pk")


def served_model(org: str, name: str) -> Snapshot | None:
    """One published model without its board. One query."""
    return Snapshot.objects.only("summary", "published").filter(model__org=org, model__name=name).first()


def served_endpoints() -> QuerySet[PublishedEndpoint]:
    """What is published of every listed endpoint."""
    return PublishedEndpoint.objects.only("document", "changed").order_by("pk")


def served_endpoint(endpoint_id: UUID) -> PublishedEndpoint | None:
    """What is published of one endpoint. One query."""
    return PublishedEndpoint.objects.only("document", "changed").filter(pk=endpoint_id).first()
