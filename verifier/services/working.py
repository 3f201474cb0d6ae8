"""What a worker does while it owns a job: keeps what arrives, renews its lease, reports how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction

from verifier.checks.base import Observation, Probe, Status
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.evidence.codec import observation_from_json, observation_to_json
from verifier.models import Endpoint, Reference
from verifier.models.base import StoredAnswer
from verifier.runner import Progress
from verifier.services import tallies
from verifier.services.leases import Lease
from verifier.services.registry import api_key, egress_policy
from verifier.services.spending import Account

T = TypeVar("T")
PROGRESS_SECONDS = 0.5
MOST_POINTS = 100


class Unusable(Exception):
    """The job can't be done, for a reason the operator can read and mend."""


class OutOfTime(Exception):
    """The job took longer than one delivery may; what was observed is kept."""


class AnswerStore:
    """The observations of one dialogue in the database: a `verifier.runner.Store`.

    `owner` names the rows, for example `{"run_id": …}`. Each observation is committed as it arrives, and
    only while the lease is held; what it costs is booked with it.
    """

    def __init__(
        self, lease: Lease, table: type[StoredAnswer], owner: Mapping[str, Any], account: Account
    ) -> None:
        self._lease = lease
        self._table = table
        self._account = account
        self._owner = dict(owner)
        self._sequence = 0
        self._attempts: dict[str, int] = {}

    async def known(self) -> Mapping[str, Observation]:
        """What an earlier delivery observed, without what failed on our side, which is asked again."""
        return await sync_to_async(self._known)()

    async def save(self, probe: Probe, observation: Observation) -> None:
        """Commit one observation. Raises LeaseLost."""
        await sync_to_async(self._save)(probe, observation)

    def _known(self) -> dict[str, Observation]:
        latest: dict[str, Observation] = {}
        rows = self._table._default_manager.filter(**self._owner).order_by("sequence")
        for sequence, key, attempt, payload in rows.values_list("sequence", "key", "attempt", "payload"):
            self._sequence = max(self._sequence, sequence)
            self._attempts[key] = max(self._attempts.get(key, 0), attempt)
            latest[key] = observation_from_json(payload)
        return {key: seen for key, seen in latest.items() if seen.status is not Status.ERROR}

    def _save(self, probe: Probe, observation: Observation) -> None:
        self._sequence += 1
        attempt = self._attempts.get(probe.key, 0) + 1
        with transaction.atomic():
            self._lease.renew(**self._account.booking(observation))
            self._table._default_manager.create(
                **self._owner,
                sequence=self._sequence,
                key=probe.key,
                attempt=attempt,
                purpose=str(probe.purpose),
                request={"api": probe.api, "body": dict(probe.body)},
                status=str(observation.status),
                fault=str(observation.fault or ""),
                payload=observation_to_json(observation),
            )
        self._attempts[probe.key] = attempt
        self._account.time(observation)
        tallies.flush_soon()


class Reporter:
    """Writes a job's progress with its lease, at most twice a second and whenever the stage changes.

    Where evidence is weighed, its course is written too: no more than MOST_POINTS of it, evenly.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stage = ""
        self._due = 0.0
        self._course: list[tuple[int, float, float]] = []

    async def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        weighed = progress.weighed
        if weighed is not None and (not self._course or self._course[-1][1:] != weighed):
            self._course.append((progress.done, *weighed))
            if len(self._course) > MOST_POINTS:
                del self._course[1:-1:2]
        if progress.stage == self._stage and now < self._due and progress.done < progress.planned:
            return
        self._stage, self._due = progress.stage, now + PROGRESS_SECONDS
        course = {"course": self._course} if self._course else {}
        await sync_to_async(self._lease.renew)(
            done=progress.done, planned=progress.planned, stage=progress.stage[:120], **course
        )


def client_for(owner: Endpoint | Reference, *, blind: bool = False) -> Client:
    """A client for this deployment, under the server's egress rules. Raises CredentialUnreadable."""
    return Client(
        Target(owner.base_url, owner.upstream_model, api_key(owner, blind=blind)),
        policy=egress_policy(),
        limits=Limits(concurrency=settings.RUN_CONCURRENCY),
    )


async def under_lease(lease: Lease, work: Coroutine[Any, Any, T]) -> T:
    """Await `work` while renewing the lease, so that a slow endpoint does not cost the job.

    Raises LeaseLost as soon as the job is no longer ours (`work` is then cancelled), OutOfTime, and what
    `work` raises.
    """
    task = asyncio.ensure_future(work)
    ends = time.monotonic() + settings.RUN_SECONDS
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=settings.HEARTBEAT_SECONDS)
            if done:
                return task.result()
            await sync_to_async(lease.renew)()
            if time.monotonic() > ends:
                raise OutOfTime
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
