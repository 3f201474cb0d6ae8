from __future__ import annotations

import pytest
from django.conf import settings
from pytest_django import Settings

from leaderboard.celery import app
from tests.verifier import world
from verifier import services, tasks
from verifier.models import Run, RunState
from verifier.services.doorbell import EXECUTE_RUN, QUEUE, RECORD_BASELINE


def test_what_the_services_call_is_registered() -> None:
    app.loader.import_default_modules()
    assert {EXECUTE_RUN, RECORD_BASELINE, "verifier.sweep"} <= set(app.tasks)
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"verifier.sweep", "verifier.start_due", "leaderboard.follow_up"} <= scheduled <= set(app.tasks)
    for name in scheduled:
        assert app.amqp.router.route({}, name)["queue"].name == "assay.sweep", name


def test_a_lost_worker_loses_no_task_and_limits_are_in_order() -> None:
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"
    visibility = conf.broker_transport_options["visibility_timeout"]
    assert settings.RUN_SECONDS < conf.task_soft_time_limit < conf.task_time_limit < visibility
    assert settings.HEARTBEAT_SECONDS * 3 < settings.LEASE_SECONDS


def test_the_sweep_never_waits_behind_runs() -> None:
    queues = [queue.name for queue in app.conf.task_queues]
    assert queues == ["assay.sweep", QUEUE]
    assert app.conf.broker_transport_options["queue_order_strategy"] == "priority"
    assert app.amqp.router.route({}, "verifier.sweep")["queue"].name == "assay.sweep"
    assert app.amqp.router.route({}, EXECUTE_RUN)["queue"].name == QUEUE


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_a_task_takes_an_id_and_calls_one_service(settings: Settings) -> None:
    world.ready_baseline()
    run = services.queue_run(world.endpoint())
    services.cancel_run(run.pk)
    tasks.execute_run(str(run.pk))
    tasks.sweep()
    assert Run.objects.get(pk=run.pk).state == RunState.CANCELLED
    world.reference()
    baseline = services.queue_baseline(world.model())
    type(baseline).objects.filter(pk=baseline.pk).update(suite_name="gone")
    tasks.record_baseline(str(baseline.pk))
    baseline.refresh_from_db()
    assert "no suite called 'gone'" in baseline.error
