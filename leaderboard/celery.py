"""The Celery application and its static schedule."""

from __future__ import annotations

import logging.config
import os
from collections.abc import Sequence
from typing import Any

from celery import Celery, Task
from celery.signals import (
    beat_embedded_init,
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_ready,
    worker_shutting_down,
)

from leaderboard.lifetimes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")

app = Celery("assay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["verifier", "leaderboard"])
app.conf.beat_schedule = {
    # Takes up what a killed worker or a flushed broker left behind.
    "sweep": {"task": "verifier.sweep", "schedule": 10.0, "options": {"expires": 10.0}},
    # Measures watched endpoints whose hour has come; the hours themselves are drawn.
    "start-due": {"task": "verifier.start_due", "schedule": 60.0, "options": {"expires": 60.0}},
    # Asks for confirming runs that could not be asked for when their accusation came.
    "follow-up": {"task": "leaderboard.follow_up", "schedule": 600.0, "options": {"expires": 600.0}},
    # Time passes for certificates as well.
    "review-certificates": {
        "task": "leaderboard.review_certificates",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "keep-evidence": {
        "task": "leaderboard.keep_evidence",
        "schedule": 1800.0,
        "options": {"expires": 1800.0},
    },
    # Signs what was published meanwhile.
    "checkpoint": {"task": "leaderboard.checkpoint", "schedule": 3600.0, "options": {"expires": 3600.0}},
    # The first call of a day makes its dump.
    "keep-dump": {"task": "leaderboard.keep_dump", "schedule": 1800.0, "options": {"expires": 1800.0}},
    # Looks for proofs of origins whose call was lost, and daily for those that were found.
    "check-proofs": {
        "task": "leaderboard.check_proofs",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    "deliver-due": {"task": "leaderboard.deliver_due", "schedule": 15.0, "options": {"expires": 15.0}},
    "forget-unconfirmed": {
        "task": "leaderboard.forget_unconfirmed",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}
# The schedule is static, so beat keeps it in memory and writes no file.
app.conf.beat_scheduler = "celery.beat:Scheduler"


@setup_logging.connect
def _use_our_logging(**_kwargs: Any) -> None:
    """Celery would add handlers of its own, past the redaction."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_ready.connect
def _sweep_at_once(**_kwargs: Any) -> None:
    """A worker that comes up looks for abandoned runs without waiting for the schedule."""
    app.send_task("verifier.sweep", expires=30.0)


@worker_process_init.connect
def _belong_to_the_worker(**_kwargs: Any) -> None:
    """A killed worker leaves no process behind that goes on with its runs."""
    from verifier.services.leases import pool_of

    die_with_parent(os.getppid())
    pool_of(os.getppid())


@before_task_publish.connect
def _tell_who_asks(headers: dict[str, Any] | None = None, **_kwargs: Any) -> None:
    from leaderboard import tracing

    tracing.tell(headers)


@task_prerun.connect
def _begin_call(task_id: str, task: Task[Any, Any], args: Sequence[Any], **_kwargs: Any) -> None:
    from leaderboard import tracing

    tracing.begin_call(task.name, task_id, args, vars(task.request))


@task_postrun.connect
def _end_call(**_kwargs: Any) -> None:
    """What a task counted belongs to the counts of all."""
    from leaderboard import tracing
    from verifier.services import tallies

    tallies.flush()
    tracing.end()


@beat_embedded_init.connect
def _end_with_the_worker(**_kwargs: Any) -> None:
    die_with_parent(os.getppid())


@worker_shutting_down.connect
def _hand_back(**_kwargs: Any) -> None:
    """A worker asked to stop hands its work back; its processes notice and end within a heartbeat."""
    from django.db import close_old_connections, connections

    from verifier import services

    close_old_connections()
    services.hand_back_all()
    connections.close_all()
