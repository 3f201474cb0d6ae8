"""The named reads of verifier's tables."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from verifier.models import (
    OWN_SEED,
    Baseline,
    BaselineState,
    Endpoint,
    Reference,
    ReferenceRole,
    Run,
    RunState,
)

OPEN_STATES = (RunState.QUEUED, RunState.RUNNING)


def current_baseline(model_id: UUID) -> Baseline | None:
    """The latest ready baseline of a model, without its data."""
    return (
        Baseline.objects.filter(model=model_id, state=BaselineState.READY)
        .defer("data")
        .order_by("-created")
        .first()
    )


def active_reference(model_id: UUID) -> Reference | None:
    """The deployment of the official weights that baselines of this model are recorded from."""
    return Reference.objects.filter(model=model_id, role=ReferenceRole.REFERENCE, active=True).first()


def calibrating_references(model_id: UUID) -> list[Reference]:
    """The active deployments of known truth: honest ones, rungs, known variants; each by name."""
    roles = (ReferenceRole.HONEST, ReferenceRole.RUNG, ReferenceRole.VARIANT)
    found = Reference.objects.filter(model=model_id, role__in=roles, active=True)
    return list(found.order_by("role", "name"))


def listed_endpoints() -> int:
    """How many endpoints are published: among so many, an accusation must hold its own."""
    return Endpoint.objects.filter(listed=True).count()


def usual_seed(endpoint_id: UUID) -> int | None:
    """The seed that orders this endpoint's prompts, drawn for its first public run; None before that."""
    runs = Run.objects.filter(endpoint=endpoint_id, private=False).exclude(trigger__in=OWN_SEED)
    return runs.order_by("created", "id").values_list("seed", flat=True).first()


def prompts_asked(endpoint_id: UUID, seed: int) -> int:
    """How many prompts the complete public runs of this endpoint with this seed have asked together."""
    runs = Run.objects.filter(endpoint=endpoint_id, seed=seed, state=RunState.COMPLETE, private=False)
    return runs.aggregate(asked=Sum("prompts"))["asked"] or 0


def confirming_runs(endpoint_id: UUID, since: datetime) -> int:
    """How many confirming runs of this endpoint were queued since then."""
    return Run.objects.filter(endpoint=endpoint_id, trigger__in=OWN_SEED, created__gte=since).count()


def open_run(endpoint_id: UUID) -> Run | None:
    """The queued or running run of an endpoint."""
    return Run.objects.filter(endpoint=endpoint_id, state__in=OPEN_STATES).first()


def runs_in_progress() -> QuerySet[Run]:
    """Every queued or running run with its endpoint, oldest first."""
    return Run.objects.filter(state__in=OPEN_STATES).select_related("endpoint").order_by("created")
