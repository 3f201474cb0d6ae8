from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.verifier import world
from verifier.models import Run, RunState
from verifier.services.jobs import RUNS
from verifier.services.leases import Lease, LeaseLost, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return Run.objects.create(endpoint=world.endpoint(), baseline=world.ready_baseline())


def taken(run: Run) -> Lease:
    lease = take(RUNS, run.pk)
    assert lease is not None
    return lease


def let_expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_one_worker_owns_a_run(run: Run) -> None:
    taken(run)
    assert take(RUNS, run.pk) is None
    run.refresh_from_db()
    assert (run.state, run.deliveries) == (RunState.RUNNING, 1)
    assert run.started is not None


def test_an_expired_lease_is_taken_over_and_the_former_owner_can_write_no_more(run: Run) -> None:
    first = taken(run)
    let_expire(run)
    second = taken(run)
    with pytest.raises(LeaseLost):
        first.renew(done=1)
    with pytest.raises(LeaseLost):
        first.end("failed", error="late")
    assert not first.hand_back()
    second.renew(done=2, planned=3, stage="deciding")
    run.refresh_from_db()
    assert (run.done, run.deliveries, run.lease_token) == (2, 2, second.token)


def test_renewing_keeps_others_away(run: Run, settings: Settings) -> None:
    lease = taken(run)
    let_expire(run)
    lease.renew()
    assert take(RUNS, run.pk) is None


def test_a_run_handed_back_is_queued_and_starts_where_it_was(run: Run) -> None:
    started = timezone.now()
    lease = taken(run)
    lease.renew(done=7)
    assert lease.hand_back()
    run.refresh_from_db()
    assert (run.state, run.done, run.lease_token) == (RunState.QUEUED, 7, None)
    again = taken(run)
    assert again.token != lease.token
    run.refresh_from_db()
    assert run.started is not None
    assert run.started >= started


def test_what_was_delivered_too_often_is_not_delivered_again(run: Run, settings: Settings) -> None:
    for _ in range(settings.MAX_DELIVERIES):
        taken(run)
        let_expire(run)
    assert take(RUNS, run.pk) is None


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_an_ended_run_is_not_taken(run: Run, state: RunState) -> None:
    lease = taken(run)
    Run.objects.filter(pk=run.pk).update(state=state, error="x")
    assert take(RUNS, run.pk) is None
    with pytest.raises(LeaseLost):
        lease.renew()
