"""What is read of evidence that is stored as files."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from leaderboard.models import EvidenceBundle, HiddenPool
from verifier.models import Baseline, BaselineState, Model, Observation, Run, RunState
from verifier.selectors import current_baseline


def pool_is_retired(sha256: str) -> bool:
    """Whether the hidden pool of this digest is published. One query."""
    return HiddenPool.objects.filter(pk=sha256).exclude(retired=None).exists()


def models_asked_from(sha256: str) -> list[str]:
    """The models whose runs still ask from this hidden pool: their current baseline has it."""
    models = Model.objects.filter(baselines__hidden_sha256=sha256).distinct().order_by("org", "name")
    return [
        model.slug
        for model in models
        if (current := current_baseline(model.pk)) is not None and current.hidden_sha256 == sha256
    ]


def evidence_of(run_id: UUID) -> EvidenceBundle | None:
    """The bundle of one run. One query."""
    return EvidenceBundle.objects.filter(pk=run_id).first()


def runs_without_evidence(limit: int) -> list[UUID]:
    """Complete runs with answers that no bundle holds yet, oldest first. One query."""
    answers = Observation.objects.filter(run=OuterRef("pk"))
    runs = Run.objects.filter(Exists(answers), state=RunState.COMPLETE, private=False, evidence=None)
    return list(runs.order_by("ended").values_list("pk", flat=True)[:limit])


def public_baseline(digest: str) -> Baseline | None:
    """A ready baseline by its digest, unless it tells of a hidden pool that is in use. One query."""
    retired = HiddenPool.objects.exclude(retired=None).values("sha256")
    ready = Baseline.objects.filter(state=BaselineState.READY, digest=digest)
    return ready.filter(Q(hidden_sha256="") | Q(hidden_sha256__in=retired)).first()
