from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.verifier import world
from verifier import selectors, services
from verifier.models import Baseline, BaselineState, Reference, ReferenceRole, Run, RunState

pytestmark = pytest.mark.django_db


def test_the_current_baseline_is_the_latest_that_is_ready() -> None:
    model = world.model()
    assert selectors.current_baseline(model.pk) is None
    first = world.ready_baseline()
    second = world.ready_baseline()
    services.queue_baseline(model)
    Baseline.objects.create(
        model=model, reference=first.reference, state=BaselineState.FAILED, error="x", suite_name="core"
    )
    assert selectors.current_baseline(model.pk) == second


def test_the_current_baseline_comes_without_its_data(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    model_id = world.ready_baseline().model_id
    with django_assert_num_queries(1):
        found = selectors.current_baseline(model_id)
    assert found is not None
    assert found.get_deferred_fields() == {"data"}


def test_references_by_role() -> None:
    model = world.model()
    assert selectors.active_reference(model.pk) is None
    official = world.reference()
    rung = world.reference("https://1.1.1.1/v1", role=ReferenceRole.RUNG, name="int4")
    later = world.reference("https://1.0.0.1/v1", role=ReferenceRole.HONEST, name="z")
    honest = world.reference("https://9.9.9.9/v1", role=ReferenceRole.HONEST, name="a")
    retired = world.reference("https://8.8.8.8/v1", role=ReferenceRole.HONEST, name="b")
    Reference.objects.filter(pk=retired.pk).update(active=False)
    assert selectors.active_reference(model.pk) == official
    variant = world.reference("https://9.9.9.8/v1", role=ReferenceRole.VARIANT, name="b2", cause="pruning")
    assert selectors.calibrating_references(model.pk) == [honest, later, rung, variant]


def test_open_runs() -> None:
    world.ready_baseline()
    endpoints = [world.endpoint(variant=name) for name in "abc"]
    runs = [services.queue_run(endpoint) for endpoint in endpoints]
    services.cancel_run(runs[0].pk)
    type(runs[1]).objects.filter(pk=runs[1].pk).update(state=RunState.RUNNING)
    assert selectors.open_run(endpoints[0].pk) is None
    assert selectors.open_run(endpoints[1].pk) == runs[1]
    assert list(selectors.runs_in_progress()) == runs[1:]


def test_what_an_endpoint_was_asked_before() -> None:
    world.ready_baseline()
    endpoint, other = world.endpoint(), world.endpoint(variant="other")
    assert selectors.usual_seed(endpoint.pk) is None
    for seed, trigger, prompts in ((5, "alarm", 100), (7, "operator", 40), (8, "operator", 10), (7, "x", 20)):
        run = services.queue_run(endpoint, seed=seed, trigger=trigger)
        changes = {"state": "complete", "verdict": "inconclusive", "result": {}, "ended": timezone.now()}
        Run.objects.filter(pk=run.pk).update(prompts=prompts, **changes)
    services.queue_run(endpoint, seed=7)
    assert selectors.usual_seed(endpoint.pk) == 7
    assert selectors.prompts_asked(endpoint.pk, 7) == 60
    assert selectors.prompts_asked(other.pk, 7) == 0
    now = timezone.now()
    assert selectors.confirming_runs(endpoint.pk, now - timedelta(days=1)) == 1
    assert selectors.confirming_runs(endpoint.pk, now) == 0
    assert selectors.confirming_runs(other.pk, now - timedelta(days=1)) == 0


def test_how_many_endpoints_are_listed() -> None:
    assert selectors.listed_endpoints() == 0
    world.endpoint()
    world.endpoint(variant="hidden", listed=False)
    assert selectors.listed_endpoints() == 1
