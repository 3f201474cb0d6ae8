"""Ownership of a job: taken, renewed and given back by conditional updates that name the token."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from verifier.models.base import Job, new_id
from verifier.models.states import sources

_main_process = 0


def pool_of(process: int) -> None:
    """Told once in each process of a pool: `process` is the worker's main process, which answers for it."""
    global _main_process  # set once, before any job is taken
    _main_process = process


def owner() -> str:
    """This worker, whichever of its processes asks: host and main process."""
    return f"{socket.gethostname()}/{_main_process or os.getpid()}"


class LeaseLost(Exception):
    """Another worker has taken the job over, or it was cancelled: this worker must not write any more."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job: its table, its word for being worked on, and its transitions."""

    table: type[Job]
    working: str
    transitions: Mapping[str, frozenset[str]]

    def moving_to(self, state: str) -> Q:
        """The rows whose state may become `state`."""
        return Q(state__in=sources(self.transitions, state))


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's ownership of one job."""

    kind: Kind
    job_id: UUID
    token: UUID

    def held(self) -> QuerySet[Job]:
        """The job's row while it is still ours, as a queryset to update."""
        return self.kind.table._default_manager.filter(
            pk=self.job_id, lease_token=self.token, state=self.kind.working
        )

    def renew(self, **values: Any) -> None:
        """Extend the lease and write `values` with it. Raises LeaseLost."""
        if not self.held().update(lease_expires_at=_expiry(), **values):
            raise LeaseLost(f"{self.kind.table.__name__} {self.job_id} is no longer this worker's")

    def end(self, state: str, **values: Any) -> None:
        """Move the job on to `state`, an end, and give the lease up. Raises LeaseLost."""
        values = {
            "ended": timezone.now(),
            "lease_token": None,
            "lease_expires_at": None,
            "stage": "",
            **values,
        }
        if not self.held().filter(self.kind.moving_to(state)).update(state=state, **values):
            raise LeaseLost(f"{self.kind.table.__name__} {self.job_id} is no longer this worker's")

    def hand_back(self, **values: Any) -> bool:
        """Put the job back in the queue, what was observed kept; False when it isn't ours any more."""
        values |= {"lease_token": None, "lease_expires_at": None, "stage": "waiting to be taken up again"}
        return bool(self.held().filter(self.kind.moving_to("queued")).update(state="queued", **values))


def take(kind: Kind, job_id: UUID) -> Lease | None:
    """Become the owner of a queued job, or of one whose owner's lease has expired.

    None when there is nothing to take: it has ended, is owned, or was delivered too often (see `bury`).
    """
    now = timezone.now()
    token = new_id()
    taken = (
        kind.table._default_manager.filter(pk=job_id, deliveries__lt=settings.MAX_DELIVERIES)
        .filter(kind.moving_to(kind.working) | expired(kind, now))
        .update(
            state=kind.working,
            lease_token=token,
            lease_owner=owner(),
            lease_expires_at=_expiry(now),
            deliveries=F("deliveries") + 1,
            started=Coalesce("started", now),
        )
    )
    return Lease(kind, job_id, token) if taken else None


def give_up(kind: Kind) -> list[UUID]:
    """Put every job that this worker owns back in the queue, and tell which; the delivery does not count.

    The process that works on one finds its lease lost at its next heartbeat, and stops.
    """
    given: list[UUID] = []
    mine = kind.table._default_manager.filter(state=kind.working, lease_owner=owner())
    for job_id, token in mine.values_list("pk", "lease_token"):
        if token is not None and Lease(kind, job_id, token).hand_back(deliveries=F("deliveries") - 1):
            given.append(job_id)
    return given


def expired(kind: Kind, now: datetime | None = None) -> Q:
    """The rows being worked on whose owner has not been heard of in time."""
    return Q(state=kind.working, lease_expires_at__lt=now or timezone.now())


def exhausted(kind: Kind, now: datetime | None = None) -> Q:
    """The rows that nobody owns and that were delivered as often as may be."""
    return Q(deliveries__gte=settings.MAX_DELIVERIES) & (Q(state="queued") | expired(kind, now))


def _expiry(now: datetime | None = None) -> datetime:
    return (now or timezone.now()) + timedelta(seconds=settings.LEASE_SECONDS)
