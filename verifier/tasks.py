"""Celery tasks: an id in, one service call, nothing else."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from verifier import services
from verifier.services.doorbell import EXECUTE_RUN, RECORD_BASELINE


@shared_task(name=EXECUTE_RUN)
def execute_run(run_id: str) -> None:
    """Do one run."""
    services.execute_run(UUID(run_id))


@shared_task(name=RECORD_BASELINE)
def record_baseline(baseline_id: str) -> None:
    """Record one baseline."""
    services.record_baseline(UUID(baseline_id))


@shared_task(name="verifier.start_due")
def start_due() -> None:
    """Measure the watched endpoints whose hour has come."""
    services.start_due()


@shared_task(name="verifier.sweep")
def sweep() -> None:
    """Take up what was left behind."""
    services.sweep()
