"""A baseline's life: queued, recorded from the reference, calibrated with deployments of known truth."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from verifier import selectors
from verifier.baseline import files
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline as Recorded
from verifier.baseline.model import Role
from verifier.baseline.record import record
from verifier.baseline.template import ChatTemplate
from verifier.checks.base import Ask, Observation
from verifier.client.session import Client
from verifier.models import Baseline, BaselineState, Model, RecordedAnswer, Reference, ReferenceRole
from verifier.runner import Progress, drive
from verifier.services.doorbell import RECORD_BASELINE, ring, ring_on_commit
from verifier.services.jobs import BASELINES, delivery
from verifier.services.leases import Lease, take
from verifier.services.pools import suite_named, suite_of
from verifier.services.spending import Account, Asked
from verifier.services.working import AnswerStore, Reporter, Unusable, client_for, under_lease
from verifier.suites import Suite
from verifier.suites.plans import WEIGHTS

log = structlog.get_logger(__name__)

Dialogue = Generator[Ask, Sequence[Observation], Recorded]

ROLES: Mapping[str, Role] = {
    ReferenceRole.HONEST: Role.HONEST,
    ReferenceRole.RUNG: Role.RUNG,
    ReferenceRole.VARIANT: Role.VARIANT,
}

AT_ONCE = 2
"""Deployments that are calibrated side by side."""


class BaselineNotPossible(Exception):
    """The baseline can't be recorded; the message says why and what to do."""


@transaction.atomic
def queue_baseline(
    model: Model,
    *,
    suite_name: str = "core",
    seed: int = 0,
    prompts: int | None = None,
    calibration_prompts: int | None = None,
    extends: Baseline | None = None,
) -> Baseline:
    """Queue the recording of a baseline of `model` from its active references.

    `prompts` and `calibration_prompts` record and calibrate with only that many of the suite's prompts.
    With `extends` the contexts and the calibration of that ready baseline are kept, and the reference is
    asked only what is missing to `prompts`.

    Raises BaselineNotPossible without an active reference, SuiteError for an unknown suite.
    """
    reference = selectors.active_reference(model.pk)
    if reference is None:
        raise BaselineNotPossible(
            f"{model} has no active reference. Register one in the role `reference` first."
        )
    suite = suite_named(suite_name)
    if extends is not None and (
        extends.state != BaselineState.READY
        or extends.reference_id != reference.pk
        or extends.suite_sha256 != suite.sha256
        or extends.hidden_sha256 not in ("", suite.hidden_sha256)
    ):
        raise BaselineNotPossible(
            "Only a ready baseline of the same reference and suite can be extended. Record a new one."
        )
    baseline = Baseline.objects.create(
        model=model,
        reference=reference,
        suite_name=suite.name,
        suite_version=suite.version,
        suite_sha256=suite.sha256,
        hidden_sha256=suite.hidden_sha256 or "",
        seed=seed,
        prompts=prompts,
        calibration_prompts=calibration_prompts,
        extends=extends,
        rang=timezone.now(),
    )
    ring_on_commit(RECORD_BASELINE, baseline.pk)
    return baseline


def record_baseline(baseline_id: UUID) -> None:
    """Record and calibrate the baseline if it is there to be done; resumes what a killed worker left."""
    lease = take(BASELINES, baseline_id)
    if lease is None:
        log.info("nothing to do", job=str(baseline_id))
        return
    with delivery(lease, on_failed=lambda: None, again=partial(ring, RECORD_BASELINE, baseline_id)):
        baseline = Baseline.objects.select_related("model", "reference", "extends").get(pk=baseline_id)
        suite = suite_of(baseline)
        if baseline.extends is not None:
            recorded = _extended(lease, baseline, files.load(bytes(baseline.extends.data or b"")), suite)
        else:
            calibrating = selectors.calibrating_references(baseline.model_id)
            recording = _Recording(lease, baseline, suite, [baseline.reference, *calibrating])
            recorded = async_to_sync(under_lease)(lease, recording.all(calibrating))
        lease.end(
            BaselineState.READY,
            data=files.dump(recorded),
            digest=recorded.id,
            hidden_sha256=recorded.hidden_sha256 or "",
        )


def _extended(lease: Lease, baseline: Baseline, known: Recorded, suite: Suite) -> Recorded:
    """`known` with the contexts of further prompts, in the suite's order."""
    asked = {*known.by_prompt, *known.prompt_tokens}
    rest = tuple(prompt for prompt in suite.prompts if prompt.id not in asked)
    missing = len(rest) if baseline.prompts is None else baseline.prompts - len(asked)
    if missing < 1 or not rest:
        return known
    recording = _Recording(lease, baseline, replace(suite, prompts=rest), [baseline.reference])
    more = async_to_sync(under_lease)(lease, recording.reference(missing))
    if (more.k, more.prefix_style) != (known.k, known.prefix_style):
        raise Unusable("The reference no longer answers as it did. Record a new baseline instead.")
    order = {prompt.id: index for index, prompt in enumerate(suite.prompts)}
    contexts = sorted(
        (*known.contexts, *more.contexts), key=lambda one: (order[one.prompt_id], len(one.prefix))
    )
    reasons = {*known.set_aside, *more.set_aside}
    return replace(
        known,
        contexts=tuple(contexts),
        prompt_tokens={**known.prompt_tokens, **more.prompt_tokens},
        set_aside={why: known.set_aside.get(why, 0) + more.set_aside.get(why, 0) for why in sorted(reasons)},
        raw={**known.raw, **more.raw},
        hidden_sha256=known.hidden_sha256 or more.hidden_sha256,
    )


class _Recording:
    """One delivery of a recording: the reference first, then what calibrates, two at a time."""

    def __init__(
        self, lease: Lease, baseline: Baseline, suite: Suite, references: Sequence[Reference]
    ) -> None:
        self._lease = lease
        self._baseline = baseline
        self._suite = suite
        self._reporter = Reporter(lease)
        self._progress: dict[UUID, Progress] = {}
        # Clients hold decrypted keys, so they are made here, where the database may be read.
        self._clients = {reference.pk: client_for(reference) for reference in references}

    async def all(self, calibrating: list[Reference]) -> Recorded:
        """The finished baseline, its stacks in the order of `calibrating`."""
        for other in calibrating:
            self._progress[other.pk] = Progress(0, 0, "")
        recorded = await self.reference(self._baseline.prompts)
        asked = len(recorded.contexts)
        if self._baseline.calibration_prompts is not None:
            share = self._baseline.calibration_prompts / len(recorded.by_prompt)
            asked = round(asked * min(1.0, share))
        for other in calibrating:
            self._progress[other.pk] = Progress(0, asked, "")
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(other: Reference) -> Recorded:
            quantization = None if other.quantization == "unknown" else other.quantization
            async with slots:
                return await self._drive(
                    other,
                    calibrate(
                        recorded,
                        self._suite,
                        name=other.name,
                        label=other.label,
                        role=ROLES[other.role],
                        quantization=quantization,
                        cause=other.cause,
                        prompts=self._baseline.calibration_prompts,
                    ),
                )

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(other)) for other in calibrating]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        for task in tasks:
            recorded = recorded.with_stack(task.result().stacks[-1])
        return recorded

    async def reference(self, prompts: int | None) -> Recorded:
        """What the reference says to that many of the suite's prompts, without calibration."""
        baseline = self._baseline
        text = baseline.reference.chat_template
        recording = record(
            self._suite,
            model=baseline.model.slug,
            seed=baseline.seed,
            prompts=prompts,
            template=ChatTemplate(text) if text else None,
            behaviour=settings.RUN_PLAN != WEIGHTS,
        )
        return await self._drive(baseline.reference, recording)

    async def _drive(self, reference: Reference, dialogue: Dialogue) -> Recorded:
        owner = {"baseline_id": self._baseline.pk, "reference_id": reference.pk}
        store = AnswerStore(self._lease, RecordedAnswer, owner, Account(Asked.REFERENCE))
        client: Client = self._clients[reference.pk]

        async def report(progress: Progress) -> None:
            self._progress[reference.pk] = progress
            every = self._progress.values()
            done, planned = sum(one.done for one in every), sum(one.planned for one in every)
            await self._reporter(Progress(done, planned, progress.stage))

        async with client:
            return await drive(
                dialogue, client.ask, store, concurrency=settings.RUN_CONCURRENCY, on_progress=report
            )
