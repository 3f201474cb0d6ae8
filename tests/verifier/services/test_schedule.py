"""Watched endpoints are measured at hours of their own; the queue stays open to others."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.verifier import world
from tests.verifier.services.measuring import Measured
from verifier import selectors, services
from verifier.models import LOOK, RECHECK, SCHEDULED, Endpoint, Monitor, Run, RunState, Schedule, Verdict
from verifier.services.schedule import (
    AT_ONCE,
    DEEP_EVERY,
    LOOK_PROMPTS,
    LOOK_REQUESTS,
    Started,
    look_every,
    start_due,
)
from verifier.stats.e_detector import EDetector

pytestmark = pytest.mark.django_db


def watched(variant: str = "", *, look: float = -1.0, deep: float = 100.0) -> Endpoint:
    """A watched endpoint that is due in so many hours."""
    endpoint = world.endpoint(variant=variant)
    services.watch(endpoint)
    now = timezone.now()
    due = {"look_due": now + timedelta(hours=look), "deep_due": now + timedelta(hours=deep)}
    Schedule.objects.filter(endpoint=endpoint).update(**due)
    return endpoint


def end_all() -> None:
    Run.objects.update(state=RunState.CANCELLED, ended=timezone.now())


def test_nothing_is_measured_that_nobody_watches() -> None:
    world.ready_baseline()
    world.endpoint()
    assert start_due() == Started()


def test_the_hours_are_drawn_and_keep_to_the_rate() -> None:
    endpoint = world.endpoint()
    draw, now = random.Random(1), timezone.now()
    looks, deeps = [], []
    for _ in range(400):
        schedule = services.watch(endpoint, draw=draw)
        looks.append((schedule.look_due - now) / look_every())
        deeps.append((schedule.deep_due - now) / DEEP_EVERY)
        services.unwatch(endpoint)
    for drawn in (looks, deeps):
        assert 0.5 <= min(drawn) < max(drawn) < 1.51
        assert len({round(one, 3) for one in drawn}) > 200
        assert sum(drawn) / len(drawn) == pytest.approx(1.0, abs=0.05)
    assert look_every() == timedelta(days=LOOK_PROMPTS / 24)


def test_who_is_watched_keeps_its_hours() -> None:
    endpoint = world.endpoint()
    assert services.watch(endpoint).look_due == services.watch(endpoint).look_due


def test_a_look_is_small_and_is_queued_once() -> None:
    world.ready_baseline()
    endpoint = watched()
    assert start_due() == Started(looks=1)
    run = Run.objects.get()
    assert (run.endpoint, run.trigger) == (endpoint, LOOK)
    assert (run.settings["max_requests"], run.settings["decide_only"]) == (LOOK_REQUESTS, True)
    assert Schedule.objects.get().look_due > timezone.now()
    end_all()
    assert start_due() == Started()


def test_a_deep_run_is_whole_and_is_a_look_as_well() -> None:
    world.ready_baseline()
    watched(deep=-0.5)
    assert start_due() == Started(deep=1)
    run = Run.objects.get()
    assert run.trigger == SCHEDULED
    assert "max_requests" not in run.settings
    schedule = Schedule.objects.get()
    assert min(schedule.look_due, schedule.deep_due) > timezone.now()


def test_an_endpoint_under_way_waits() -> None:
    world.ready_baseline()
    endpoint = watched()
    services.queue_run(endpoint)
    assert start_due() == Started()
    end_all()
    assert start_due() == Started(looks=1)


def test_only_so_many_are_open_at_a_time_and_the_longest_due_come_first() -> None:
    world.ready_baseline()
    endpoints = [watched(f"v{number}", look=-number - 1) for number in range(AT_ONCE + 3)]
    assert start_due().looks == AT_ONCE
    assert set(Run.objects.values_list("endpoint", flat=True)) == {one.pk for one in endpoints[3:]}
    assert start_due() == Started()
    end_all()
    assert start_due().looks == 3


def test_what_cannot_be_queued_is_put_off_and_says_why() -> None:
    watched()
    assert start_due() == Started(put_off=1)
    schedule = Schedule.objects.get()
    assert "no ready baseline" in schedule.put_off
    assert schedule.look_due > timezone.now() + timedelta(minutes=30)
    world.ready_baseline()
    assert start_due(now=timezone.now() + timedelta(hours=2)) == Started(looks=1)
    assert Schedule.objects.get().put_off == ""


def look(endpoint: Endpoint) -> Run:
    Schedule.objects.filter(endpoint=endpoint).update(look_due=timezone.now() - timedelta(hours=1))
    assert start_due() == Started(looks=1)
    run = Run.objects.get(state=RunState.QUEUED)
    services.execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETE, run.error
    return run


def test_looks_go_on_in_the_suite_and_feed_the_detector(measured: Measured) -> None:
    endpoint, toy = measured.offer()
    services.watch(endpoint)
    first, second = look(endpoint), look(endpoint)
    assert len(toy.bodies) <= 2 * LOOK_REQUESTS
    assert first.prompts >= LOOK_PROMPTS
    assert first.seed == second.seed
    assert second.settings["start"] == first.prompts
    assert EDetector.from_state(Monitor.objects.get().state).n == first.prompts + second.prompts


def test_the_alarm_of_a_look_has_a_run_made_that_stands_for_itself(measured: Measured) -> None:
    endpoint, toy = measured.offer()
    services.watch(endpoint)
    first = look(endpoint)
    toy.noise = 6.0
    while not (monitor := Monitor.objects.get()).alarms:
        last = look(endpoint)
    assert monitor.alarmed is not None
    recheck = Run.objects.get(state=RunState.QUEUED)
    assert recheck.trigger == RECHECK
    assert recheck.seed not in (first.seed, last.seed)
    assert recheck.settings["start"] == 0
    assert recheck.created >= monitor.alarmed
    assert selectors.usual_seed(endpoint.pk) == first.seed
    services.execute_run(recheck.pk)
    recheck.refresh_from_db()
    assert recheck.verdict == Verdict.DEVIATING


def test_rechecks_count_as_confirming_ones_of_the_day(settings: Settings) -> None:
    world.ready_baseline()
    endpoint = world.endpoint()
    for _ in range(2):
        services.confirm_run(endpoint, trigger=RECHECK)
        end_all()
    with pytest.raises(services.RunNotPossible, match="within a day"):
        services.confirm_run(endpoint)
