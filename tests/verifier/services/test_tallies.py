from __future__ import annotations

import multiprocessing
from uuid import uuid4

import pytest
from pytest_django import Settings

from verifier.services import tallies
from verifier.services.tallies import Tally, Timing

PROCESSES, EACH = 4, 250


@pytest.fixture
def name(broker: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that nobody counted under yet, with a Redis that answers."""
    monkeypatch.setattr(tallies, "_silent_until", 0.0)
    tallies._gathered.clear()
    return f"test_{uuid4().hex}_total"


def counted(tally: Tally) -> dict[tallies.Labels, int]:
    found = tallies.tallied()
    assert found is not None
    return found.counts(tally)


def _count_in_a_process(name: str) -> None:
    tally = Tally(name, "")
    for _ in range(EACH):
        tally.add(reason="a")
        tallies.flush()


def test_what_several_processes_count_at_once_is_counted_exactly(name: str) -> None:
    forked = multiprocessing.get_context("fork")
    tally = Tally(name, "")
    tally.add(reason="a")  # gathered and not yet handed over: no child may hand it over again
    children = [forked.Process(target=_count_in_a_process, args=(name,)) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    tallies.flush()
    assert counted(tally) == {(("reason", "a"),): PROCESSES * EACH + 1}


def test_lengths_are_sorted_into_what_they_are_at_most(name: str) -> None:
    timing = Timing(name, "", (0.1, 1.0, 10.0))
    for seconds in (0.1, 0.5, 0.7, 99.0):
        timing.add(seconds, status="ok", asked="runs")
    timing.add(2.0, asked="runs", status="faulty")
    tallies.flush()
    found = tallies.tallied()
    assert found is not None
    lengths = found.lengths(timing)
    ok = lengths[("asked", "runs"), ("status", "ok")]
    assert ok.counts == (1, 3, 3, 4)
    assert ok.seconds == pytest.approx(100.3)
    assert lengths[("asked", "runs"), ("status", "faulty")].counts == (0, 0, 1, 1)


def test_nothing_is_lost_and_nobody_waits_while_redis_does_not_answer(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally, url = Tally(name, ""), settings.CELERY_BROKER_URL
    settings.CELERY_BROKER_URL = "redis+socket:///nonexistent/redis.sock"
    tally.add()
    tallies.flush()
    assert tallies.tallied() is None
    settings.CELERY_BROKER_URL = url
    tally.add()
    tallies.flush()
    assert counted(tally) == {}, "it is left in peace for a while"
    monkeypatch.setattr(tallies, "_silent_until", 0.0)
    tallies.flush()
    assert counted(tally) == {(): 2}
