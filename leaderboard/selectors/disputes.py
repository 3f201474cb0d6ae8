"""What is read of objections."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import QuerySet

from leaderboard.models import Dispute, Organisation
from verifier.models import Endpoint

SHOWN = 100


def disputes() -> list[Dispute]:
    """The latest objections to what is public, open ones first. One query."""
    return sorted(_public().order_by("-opened", "-pk")[:SHOWN], key=lambda one: one.outcome != "")


def served_disputes() -> QuerySet[Dispute]:
    """Every objection to a run of a listed endpoint, newest first."""
    return _public().order_by("-pk")


def dispute(dispute_id: UUID) -> Dispute | None:
    """An objection to a run of a listed endpoint. One query."""
    return _public().filter(pk=dispute_id).first()


def disputes_of(endpoint_id: UUID) -> list[Dispute]:
    """Every objection to what was found of an endpoint, newest first. One query."""
    return list(Dispute.objects.filter(endpoint=endpoint_id).order_by("-opened", "-pk"))


def disputes_of_run(run_id: UUID) -> list[Dispute]:
    """Every objection to a run, newest first. One query."""
    return list(Dispute.objects.filter(run=run_id).order_by("-opened", "-pk"))


def open_disputes() -> QuerySet[Dispute]:
    """What the operator has to answer, what is due first."""
    return Dispute.objects.filter(outcome="").select_related("endpoint", "run").order_by("due", "pk")


def speakers(user: AbstractBaseUser | AnonymousUser, endpoint: Endpoint) -> list[Organisation]:
    """This person's organisations that speak for the endpoint: who published it has proven it."""
    if not isinstance(user, User):
        return []
    return list(
        Organisation.objects.filter(
            memberships__user=user, submissions__endpoint=endpoint, submissions__state="published"
        ).distinct()
    )


def _public() -> QuerySet[Dispute]:
    return Dispute.objects.select_related(
        "endpoint__model", "endpoint__provider", "run", "certificate"
    ).filter(endpoint__listed=True)
