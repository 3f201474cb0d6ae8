"""The named reads of verifier's tables."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from verifier.models import Baseline, BaselineState, Reference, ReferenceRole, Run, RunState

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
    """The active deployments of known truth that calibrate: honest ones first, each by name."""
    roles = (ReferenceRole.HONEST, ReferenceRole.RUNG)
    found = Reference.objects.filter(model=model_id, role__in=roles, active=True)
    return list(found.order_by("role", "name"))


def open_run(endpoint_id: UUID) -> Run | None:
    """The queued or running run of an endpoint."""
    return Run.objects.filter(endpoint=endpoint_id, state__in=OPEN_STATES).first()


def runs_in_progress() -> QuerySet[Run]:
    """Every queued or running run with its endpoint, oldest first."""
    return Run.objects.filter(state__in=OPEN_STATES).select_related("endpoint").order_by("created")
