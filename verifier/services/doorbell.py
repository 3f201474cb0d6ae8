"""Calling a worker. The database says what is to be done; a lost call is made again by the sweep."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from amqp.exceptions import ChannelError
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

EXECUTE_RUN = "verifier.execute_run"
RECORD_BASELINE = "verifier.record_baseline"
QUEUE = "assay.work"


def ring_on_commit(task: str, job_id: UUID) -> None:
    """Call a worker to `job_id` once the present transaction is committed."""
    transaction.on_commit(lambda: ring(task, job_id), robust=True)


def ring(task: str, job_id: UUID) -> bool:
    """Call a worker now; False when the broker can't be reached, which is logged and loses nothing."""
    try:
        current_app.send_task(task, args=[str(job_id)], queue=QUEUE, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning(
            "broker not reached; the sweep will call again", task=task, job=str(job_id), error=str(error)
        )
        return False
    return True


def calls_waiting() -> int | None:
    """How many calls no worker has taken yet; None when the broker can't be reached."""
    try:
        with current_app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            try:
                return int(channel.queue_declare(QUEUE, passive=True).message_count)
            except ChannelError:  # an empty queue does not exist in Redis
                return 0
    except (OperationalError, RedisError, OSError):
        return None
