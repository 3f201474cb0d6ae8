"""A run's life: queued, executed by a worker, ended, announced."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from django.conf import settings as config
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from verifier import selectors, signals
from verifier.baseline import files
from verifier.checks.session import Settings
from verifier.client.session import Client
from verifier.models import (
    ALARM,
    CONFIRMATION,
    LOOK,
    OWN_SEED,
    RECHECK,
    Credential,
    Endpoint,
    Finding,
    Observation,
    Run,
    RunState,
)
from verifier.models.states import RUN_TRANSITIONS, require, sources
from verifier.runner import drive
from verifier.scoring import policy
from verifier.services.doorbell import EXECUTE_RUN, ring, ring_on_commit
from verifier.services.jobs import RUNS, delivery
from verifier.services.leases import Lease, take
from verifier.services.monitoring import feed
from verifier.services.pools import suite_of
from verifier.services.spending import account_of
from verifier.services.working import AnswerStore, Reporter, Unusable, client_for, under_lease
from verifier.stats.e_bh import threshold
from verifier.suites.plans import WEIGHTS, plan

log = structlog.get_logger(__name__)


DAY = timedelta(days=1)
CONFIRMING_A_DAY = 2
"""Confirming runs of one endpoint within a day, so that no evidence makes us a burden."""


class RunNotPossible(Exception):
    """The run can't be queued; the message says why and what to do."""


def queue_run(
    endpoint: Endpoint,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    trigger: str = "operator",
    private: bool = False,
    blind: bool | None = None,
) -> Run:
    """Queue a verification of `endpoint` against its model's latest ready baseline.

    `settings` are fields of verifier.verification.Settings other than seed and declared, which come from
    here; without a `plan` among them the run follows the server's (RUN_PLAN). Where they don't say
    otherwise, an accusation takes the evidence that makes a lone one count among
    all listed endpoints, and the run goes on in the suite where the endpoint's earlier runs with this seed
    ended. Without a `seed` the endpoint's own is used; a run that confirms or checks again (by its
    `trigger`) draws a new one.

    A `private` run is its provider's alone: nothing of it is published, it draws a seed of its own, and no
    later run goes on where it ended. `blind` asks with the operator's blind key; by default that is done
    where it is the only key, and never in private.

    Raises RunNotPossible: no ready baseline, a run already open, an invalid setting.
    """
    baseline = selectors.current_baseline(endpoint.model_id)
    if baseline is None:
        raise RunNotPossible(f"{endpoint.model} has no ready baseline. Record one first.")
    declared = endpoint.declared_quantization
    seed = _seed(endpoint, trigger, private) if seed is None else seed
    if blind is None:
        blind = not private and _only_blind(endpoint)
    try:
        asked = {**_planned((settings or {}).get("plan", config.RUN_PLAN)), **(settings or {})}
        alpha = Settings(**{**asked, "seed": seed}).alpha
    except (TypeError, ValueError) as error:
        raise RunNotPossible(f"These settings are not possible: {error}") from error
    chosen = {
        "accuse_at": max(1 / alpha, lone_accusation()),
        "start": selectors.prompts_asked(endpoint.pk, seed),
        **asked,
        "declared": None if declared == "unknown" else declared,
    }
    run = Run(
        endpoint=endpoint,
        baseline=baseline,
        seed=seed,
        settings=chosen,
        trigger=trigger,
        private=private,
        blind=blind,
        rang=timezone.now(),
    )
    try:
        with transaction.atomic():
            run.save()
            ring_on_commit(EXECUTE_RUN, run.pk)
    except IntegrityError as error:
        if selectors.open_run(endpoint.pk) is None:
            raise
        raise RunNotPossible(f"A run of {endpoint} is already queued or running.") from error
    return run


def _planned(name: str) -> dict[str, Any]:
    """The settings that a plan brings with it. Raises PlanError, a ValueError, for an unknown one."""
    chosen = plan(name)
    if chosen.name == WEIGHTS:
        return {}  # what Settings are by themselves
    return {
        "plan": chosen.name,
        "max_requests": chosen.max_requests,
        "decide_only": chosen.decide_only,
        "estimation_prompts": chosen.estimation_prompts,
    }


def lone_accusation() -> float:
    """The e-value with which a lone accusation passes e-BH among all listed endpoints."""
    return threshold(max(1, selectors.listed_endpoints()), policy.FALSE_DISCOVERY_RATE)


def _only_blind(endpoint: Endpoint) -> bool:
    keys = Credential.objects.filter(Q(endpoint=endpoint) | Q(blind_of=endpoint))
    return list(keys.values_list("endpoint", flat=True)) == [None]


def _seed(endpoint: Endpoint, trigger: str, private: bool) -> int:
    usual = None if private or trigger in OWN_SEED else selectors.usual_seed(endpoint.pk)
    return secrets.randbelow(2**32) if usual is None else usual


def cancel_run(run_id: UUID) -> Run:
    """End a queued or running run without a verdict. Raises Run.DoesNotExist and IllegalTransition."""
    with transaction.atomic():
        now = timezone.now()
        changed = Run.objects.filter(
            pk=run_id, state__in=sources(RUN_TRANSITIONS, RunState.CANCELLED)
        ).update(state=RunState.CANCELLED, ended=now, lease_token=None, lease_expires_at=None, stage="")
        run = Run.objects.get(pk=run_id)
        if not changed:
            require(RUN_TRANSITIONS, f"The run of {run.endpoint}", run.state, RunState.CANCELLED)
        announce_on_commit(run_id, RunState.CANCELLED)
    return run


def execute_run(run_id: UUID) -> None:
    """Do the run if it is there to be done: measure, judge, store, announce.

    Called by any number of workers any number of times, it is done once. A killed worker's run is resumed
    from its stored observations. Failures on our side end in state failed with an error to read.
    """
    lease = take(RUNS, run_id)
    if lease is None:
        log.info("nothing to do", job=str(run_id))
        return
    failed = partial(announce_on_commit, run_id, RunState.FAILED)
    with delivery(lease, on_failed=failed, again=partial(ring, EXECUTE_RUN, run_id)):
        result = _measure(lease)
        with transaction.atomic():
            _store(lease, result)
            _watch(run_id, result)
            announce_on_commit(run_id, RunState.COMPLETE)


def _measure(lease: Lease) -> dict[str, Any]:
    """Fetch, then judge. The judge is never told whether the endpoint is a control."""
    from verifier.verification import verification  # here, since the web process never measures

    run = Run.objects.select_related("endpoint", "baseline").get(pk=lease.job_id)
    try:
        recorded = files.load(bytes(run.baseline.data or b""))
    except ValueError as error:
        raise Unusable(f"The run's baseline can't be read: {error}. Record a new one.") from error
    dialogue = verification(
        recorded,
        suite_of(run.baseline),
        Settings(**{**run.settings, "seed": run.seed}),
        endpoint={"base_url": run.endpoint.base_url, "upstream_model": run.endpoint.upstream_model},
    )
    store = AnswerStore(lease, Observation, {"run_id": run.pk}, account_of(run))
    client = client_for(run.endpoint, blind=run.blind)

    async def measure(client: Client) -> dict[str, Any]:
        async with client:
            return await drive(
                dialogue,
                client.ask,
                store,
                concurrency=config.RUN_CONCURRENCY,
                on_progress=Reporter(lease),
            )

    return async_to_sync(under_lease)(lease, measure(client))


def _store(lease: Lease, result: dict[str, Any]) -> None:
    fidelity = result["fidelity"] or {}
    lease.end(
        RunState.COMPLETE,
        result=result,
        verdict=result["verdict"],
        fidelity=fidelity.get("value"),
        fidelity_low=fidelity.get("low"),
        fidelity_high=fidelity.get("high"),
        policy_version=result["versions"]["policy"],
        accusation=result["e_values"].get("accusation_now"),
        prompts=result["prompts"],
        done=result["requests"],
        planned=result["requests"],
    )
    Finding.objects.bulk_create(
        Finding(
            run_id=lease.job_id,
            check_name=finding["check"],
            version=finding["version"],
            outcome=finding["outcome"],
            cause=finding["cause"].replace("\x00", "\ufffd"),
            estimate=finding["estimate"],
            low=finding["low"],
            high=finding["high"],
            n=finding["n"],
            unit=finding["unit"],
            details=finding["details"],
        )
        for finding in result["findings"]
    )


def _watch(run_id: UUID, result: Mapping[str, Any]) -> None:
    """Feed the endpoint's monitor. An alarm changes no verdict: it has the endpoint asked once more.

    A run that accuses is confirmed or published as it is, so its alarm asks for nothing further. A look is
    neither, and what its alarm asks for stands for itself. A private run is not watched.
    """
    run = Run.objects.select_related("endpoint").get(pk=run_id)
    if run.private:
        return
    look = run.trigger == LOOK
    if not feed(run.endpoint, result) or (result["verdict"] in policy.ACCUSING and not look):
        return
    try:
        confirm_run(run.endpoint, trigger=RECHECK if look else ALARM)
    except RunNotPossible as error:
        log.info("alarm without a run", endpoint=str(run.endpoint_id), reason=str(error))


def confirm_run(
    endpoint: Endpoint, *, settings: Mapping[str, Any] | None = None, trigger: str = CONFIRMATION
) -> Run:
    """Queue a confirming run, with a seed of its own. Raises RunNotPossible as `queue_run`, and when the
    endpoint had its confirming runs of this day.
    """
    if selectors.confirming_runs(endpoint.pk, timezone.now() - DAY) >= CONFIRMING_A_DAY:
        raise RunNotPossible(f"{endpoint} had {CONFIRMING_A_DAY} confirming runs within a day.")
    return queue_run(endpoint, settings=settings, trigger=trigger)


def announce_on_commit(run_id: UUID, state: str) -> None:
    """Send `run_ended` once the present transaction is committed."""
    transaction.on_commit(partial(announce, run_id, state), robust=True)


def announce(run_id: UUID, state: str) -> None:
    """Send `run_ended`, and remember that it was heard; otherwise the sweep sends it again."""
    answers = signals.run_ended.send_robust(sender=Run, run_id=run_id, state=state)
    failures = [answer for _, answer in answers if isinstance(answer, Exception)]
    for failure in failures:
        log.error("a listener failed", job=str(run_id), exc_info=failure)
    if not failures:
        Run.objects.filter(pk=run_id).update(announced=timezone.now())
