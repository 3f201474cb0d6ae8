from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from leaderboard.celery import app
from tests.verifier import world
from verifier import services, signals
from verifier.models import Baseline, BaselineState, Run, RunState
from verifier.services.doorbell import calls_waiting
from verifier.services.jobs import RUNS
from verifier.services.leases import LeaseLost, take
from verifier.services.sweeping import Swept, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
LONG_AGO = timedelta(minutes=5)


@pytest.fixture
def runs() -> list[Run]:
    """Three queued runs whose calls were lost long ago (the tests' transaction is never committed)."""
    world.ready_baseline()
    queued = [services.queue_run(world.endpoint(variant=name)) for name in "abc"]
    Run.objects.update(rang=timezone.now() - LONG_AGO)
    return queued


def test_nothing_to_do() -> None:
    assert sweep() == Swept(0, 0, 0)


def test_lost_calls_are_made_again_once(runs: list[Run]) -> None:
    assert sweep() == Swept(0, 3, 0)
    assert calls_waiting() == 3
    assert sweep() == Swept(0, 0, 0)
    app.control.purge()  # a flushed broker
    Run.objects.update(rang=timezone.now() - LONG_AGO)
    assert sweep() == Swept(0, 3, 0)


def test_runs_that_wait_their_turn_are_not_called_again(runs: list[Run]) -> None:
    sweep()
    Run.objects.update(rang=timezone.now() - LONG_AGO)
    assert sweep() == Swept(0, 0, 0)
    assert calls_waiting() == 3


def test_an_abandoned_run_is_called_for(runs: list[Run]) -> None:
    Run.objects.exclude(pk=runs[0].pk).update(state=RunState.CANCELLED, announced=timezone.now())
    take(RUNS, runs[0].pk)
    assert sweep() == Swept(0, 0, 0)
    Run.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert sweep() == Swept(0, 1, 0)
    assert calls_waiting() == 1


def test_what_was_delivered_too_often_is_given_up_with_a_reason(runs: list[Run], settings: Settings) -> None:
    run = runs[0]
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        deliveries=settings.MAX_DELIVERIES,
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )
    assert sweep().buried == 1
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.error.startswith(f"Given up after {settings.MAX_DELIVERIES} deliveries")


def test_baselines_are_swept_too() -> None:
    world.reference()
    baseline = services.queue_baseline(world.model())
    Baseline.objects.update(rang=timezone.now() - LONG_AGO)
    assert sweep() == Swept(0, 1, 0)
    Baseline.objects.update(
        state=BaselineState.RECORDING, deliveries=3, lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert sweep().buried == 1
    baseline.refresh_from_db()
    assert baseline.state == BaselineState.FAILED


def test_an_end_that_nobody_heard_is_announced_again(runs: list[Run]) -> None:
    Run.objects.update(rang=timezone.now())
    run = runs[0]
    Run.objects.filter(pk=run.pk).update(
        state=RunState.CANCELLED, ended=timezone.now() - timedelta(minutes=1)
    )
    heard = []

    def listener(run_id: object, **_: object) -> None:
        heard.append(run_id)

    signals.run_ended.connect(listener)
    assert sweep().announced == 1
    assert sweep().announced == 0
    assert heard == [run.pk]
    run.refresh_from_db()
    assert run.announced is not None


def test_a_worker_that_is_asked_to_stop_hands_its_jobs_back(runs: list[Run]) -> None:
    mine, theirs = take(RUNS, runs[0].pk), take(RUNS, runs[1].pk)
    assert mine is not None
    assert theirs is not None
    Run.objects.filter(pk=runs[1].pk).update(lease_owner="elsewhere/1")
    assert services.hand_back_all() == 1
    assert calls_waiting() == 1
    states = dict(Run.objects.values_list("pk", "state"))
    assert [states[run.pk] for run in runs] == ["queued", "running", "queued"]
    assert Run.objects.get(pk=runs[0].pk).deliveries == 0
    with pytest.raises(LeaseLost):
        mine.renew()
    theirs.renew()
