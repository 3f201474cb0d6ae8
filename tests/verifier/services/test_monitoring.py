"""A detector is fed by every run and only asks for another one; verdicts are not its business."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from tests.verifier import world
from tests.verifier.services.measuring import Measured
from verifier import services
from verifier.models import Endpoint, Monitor, Run, Verdict
from verifier.services.monitoring import feed
from verifier.stats.e_detector import EDetector

pytestmark = pytest.mark.django_db
HONEST, SWAPPED = [0.001] * 40, [0.2] * 20


def result(scores: list[float], *, delta: float = 0.01, baseline: str = "sha256:a") -> dict[str, Any]:
    return {"decision_scores": scores, "honest_band": {"delta": delta}, "baseline": baseline}


@pytest.fixture
def endpoint() -> Endpoint:
    return world.endpoint()


def detector() -> EDetector:
    return EDetector.from_state(Monitor.objects.get().state)


def test_runs_feed_one_detector_in_order(endpoint: Endpoint) -> None:
    assert not feed(endpoint, result(HONEST))
    began = Monitor.objects.get().started
    assert not feed(endpoint, result([0.01, 0.03]))
    alone = EDetector(0.01, detector().threshold)
    for score in [*HONEST, 0.01, 0.03]:
        alone.update(score)
    assert detector().state() == alone.state()
    assert detector().threshold == 24 * 365.25 * 10
    assert Monitor.objects.get().started == began


def test_old_honest_evidence_does_not_bury_a_swap(endpoint: Endpoint) -> None:
    for _ in range(50):
        assert not feed(endpoint, result(HONEST))
    assert feed(endpoint, result(SWAPPED))
    monitor = Monitor.objects.get()
    assert (monitor.alarms, detector().n) == (1, 0), "a new detector has begun"
    assert monitor.alarmed == monitor.started
    assert not feed(endpoint, result(HONEST))
    assert detector().n == len(HONEST)


@pytest.mark.parametrize(
    "other", [result([0.02], delta=0.02), result([0.02], baseline="sha256:b")], ids=["delta", "baseline"]
)
def test_another_baseline_or_tolerance_begins_anew(endpoint: Endpoint, other: dict[str, Any]) -> None:
    feed(endpoint, result(HONEST))
    feed(endpoint, other)
    assert (detector().n, detector().delta) == (1, other["honest_band"]["delta"])
    assert Monitor.objects.get().baseline == other["baseline"]


def test_so_does_another_promise_or_a_state_that_cannot_be_read(
    endpoint: Endpoint, settings: Settings
) -> None:
    feed(endpoint, result(HONEST))
    settings.MONITOR_PROBES_PER_DAY = 48
    feed(endpoint, result([0.001]))
    assert (detector().n, detector().threshold) == (1, 48 * 365.25 * 10)
    Monitor.objects.update(state={"n": 3})
    feed(endpoint, result([0.001, 0.001]))
    assert detector().n == 2


@pytest.mark.parametrize(
    "nothing", [{}, result([]), {**result(HONEST), "honest_band": None}], ids=["old", "empty", "no band"]
)
def test_a_run_that_decided_nothing_feeds_nothing(endpoint: Endpoint, nothing: dict[str, Any]) -> None:
    assert not feed(endpoint, nothing)
    assert not Monitor.objects.exists()


def finish(endpoint: Endpoint) -> Run:
    run = services.queue_run(endpoint, seed=1)
    services.execute_run(run.pk)
    run.refresh_from_db()
    assert run.result is not None, run.error
    return run


def test_a_complete_run_is_fed_once(measured: Measured) -> None:
    endpoint, _ = measured.offer()
    run = finish(endpoint)
    assert run.result is not None
    assert detector().n == len(run.result["decision_scores"]) > 0
    services.execute_run(run.pk)
    assert detector().n == len(run.result["decision_scores"])


def test_an_alarm_asks_once_more_and_leaves_the_verdict_alone(measured: Measured) -> None:
    endpoint, _ = measured.offer()
    run = finish(endpoint)
    # What came before had all but given the alarm.
    primed = {**detector().state(), "log_wealth": [40.0] * 8}
    Monitor.objects.update(state=primed)
    again = finish(endpoint)
    assert again.verdict == run.verdict != Verdict.DEVIATING
    queued = Run.objects.get(state="queued")
    assert (queued.trigger, queued.endpoint) == ("alarm", endpoint)
    assert queued.seed != 1
    assert Monitor.objects.get().alarms == 1


def test_an_accusing_run_is_not_asked_again_by_its_own_alarm(measured: Measured) -> None:
    endpoint, _ = measured.offer(noise=6.0)
    assert finish(endpoint).verdict == Verdict.DEVIATING
    Monitor.objects.update(state={**detector().state(), "log_wealth": [40.0] * 8})
    finish(endpoint)
    assert Monitor.objects.get().alarms == 1
    assert not Run.objects.filter(state="queued").exists()
