"""Finding what was left behind: by a killed worker, a flushed broker, a listener that failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from verifier.models import SWEEP, Pulse, Run, RunState
from verifier.models.base import Job
from verifier.services.doorbell import EXECUTE_RUN, RECORD_BASELINE, calls_waiting, ring
from verifier.services.jobs import BASELINES, RUNS
from verifier.services.leases import Kind, exhausted, expired, give_up
from verifier.services.runs import announce, announce_on_commit

log = structlog.get_logger(__name__)

KINDS = ((BASELINES, RECORD_BASELINE), (RUNS, EXECUTE_RUN))
CALL_AGAIN_AFTER = timedelta(seconds=15)
ANNOUNCE_AGAIN_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many jobs were given up, called for again and announced again."""

    buried: int
    called: int
    announced: int


def sweep() -> Swept:
    """Give up what was delivered too often, call workers to what nobody does, announce what nobody heard."""
    Pulse.objects.update_or_create(name=SWEEP, defaults={"at": timezone.now()})
    buried = sum(_bury(kind) for kind, _ in KINDS)
    called = _call_abandoned() + _call_lost()
    announced = _announce_unheard()
    if buried or called or announced:
        log.info("swept", buried=buried, called=called, announced=announced)
    return Swept(buried, called, announced)


def hand_back_all() -> int:
    """A worker asked to stop gives its jobs to the others at once, instead of letting leases run out."""
    given = 0
    for kind, task in KINDS:
        for job_id in give_up(kind):
            log.info("handed back", job=str(job_id))
            given += _call(kind, task, job_id)
    return given


def _bury(kind: Kind) -> int:
    """Fail the jobs whose every delivery ended without a word."""
    buried = 0
    for job_id, deliveries in kind.table._default_manager.filter(exhausted(kind)).values_list(
        "pk", "deliveries"
    ):
        text = (
            f"Given up after {deliveries} deliveries: each time the worker died or ran out of time. "
            "Look for memory limits and for the worker's last log lines, then queue it again."
        )
        with transaction.atomic():
            rows = kind.table._default_manager.filter(exhausted(kind), kind.moving_to("failed"), pk=job_id)
            gone = rows.update(
                state="failed",
                error=text,
                ended=timezone.now(),
                lease_token=None,
                lease_expires_at=None,
                stage="",
            )
            if gone and kind is RUNS:
                announce_on_commit(job_id, RunState.FAILED)
        buried += gone
    return buried


def _call_abandoned() -> int:
    """Call workers to what is being worked on by nobody: the lease has expired."""
    now = timezone.now()
    return sum(
        _call(kind, task, job_id)
        for kind, task in KINDS
        for job_id in _due(kind, expired(kind, now)).values_list("pk", flat=True)
    )


def _call_lost() -> int:
    """Call again to queued jobs, as many as calls are missing in the broker, the oldest first.

    Calls that a worker already holds look missing; a second call to a job does nothing.
    """
    waiting = calls_waiting()
    if waiting is None:
        log.warning("broker not reached; nothing is called")
        return 0
    queued = sum(kind.table._default_manager.filter(state="queued").count() for kind, _ in KINDS)
    missing = max(0, queued - waiting)
    called = 0
    for kind, task in KINDS:
        due = _due(kind, Q(state="queued")).values_list("pk", flat=True)[: missing - called]
        called += sum(_call(kind, task, job_id) for job_id in due)
    return called


def _due(kind: Kind, condition: Q) -> QuerySet[Job]:
    silent = Q(rang=None) | Q(rang__lt=timezone.now() - CALL_AGAIN_AFTER)
    return kind.table._default_manager.filter(condition & silent).order_by("created")


def _call(kind: Kind, task: str, job_id: UUID) -> int:
    """Call a worker and note when; 1 if the call was made."""
    if not ring(task, job_id):
        return 0
    kind.table._default_manager.filter(pk=job_id).update(rang=timezone.now())
    return 1


def _announce_unheard() -> int:
    unheard = Run.objects.filter(announced=None, ended__lt=timezone.now() - ANNOUNCE_AGAIN_AFTER)
    ended = list(unheard.order_by("ended").values_list("pk", "state")[:100])
    for run_id, state in ended:
        announce(run_id, state)
    return len(ended)
