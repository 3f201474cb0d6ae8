from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import selectors, services
from tests.leaderboard import factories
from verifier.models import LOOK, RunState

pytestmark = pytest.mark.django_db


def test_the_run_that_speaks_is_the_last_that_measured(django_assert_num_queries: Any) -> None:
    now = timezone.now()
    down = factories.result("not-measured", None)
    first, second, third = (factories.endpoint(label) for label in ("One", "Two", "Three"))
    factories.run(first, ended=now - timedelta(days=2))
    newest = factories.run(first, ended=now - timedelta(days=1))
    only = factories.run(second, down, ended=now)
    with django_assert_num_queries(2):
        latest = selectors.latest_results([first.pk, second.pk, third.pk])
    assert latest[first.pk] == selectors.Latest(newest)
    assert latest[second.pk] == selectors.Latest(only)
    assert third.pk not in latest


def test_the_run_that_a_row_shows(django_assert_num_queries: Any) -> None:
    now = timezone.now()
    endpoint = factories.endpoint("One")
    measured = factories.run(endpoint, ended=now - timedelta(days=1))
    factories.run(endpoint, factories.result("not-measured", None), ended=now)
    factories.open_run(endpoint)
    runs = selectors.runs_of(endpoint.pk)
    assert runs[0].state == RunState.RUNNING
    assert selectors.latest_results([endpoint.pk])[endpoint.pk] == selectors.Latest(measured, now)
    row = {"run": {"id": str(measured.pk)}}
    with django_assert_num_queries(0):
        assert selectors.speaking(row, runs) == measured
        assert selectors.speaking(None, runs) is None
        assert selectors.speaking({"run": None}, runs) is None
    with django_assert_num_queries(1):
        assert selectors.speaking(row, runs[:1]) == measured, "it may be older than the runs that are shown"


def test_what_is_not_listed_is_not_found() -> None:
    hidden = factories.endpoint("Hidden", listed=False)
    run = factories.run(hidden)
    assert selectors.endpoint(hidden.pk) is None
    assert selectors.run(run.pk) is None
    assert selectors.run(uuid7()) is None
    assert selectors.provider("nobody") is None
    assert not selectors.providers()


def test_runs_under_way_by_endpoint() -> None:
    running = factories.open_run(factories.endpoint("One"))
    factories.run(factories.endpoint("Two"))
    queued = factories.open_run(factories.endpoint("Three"), state=RunState.QUEUED)
    factories.open_run(factories.endpoint("Hidden", listed=False))
    found = selectors.open_runs(running.endpoint.model_id)
    assert set(found.values()) == {running, queued}
    assert found[str(running.endpoint_id)] == running


def test_a_providers_rows_come_from_every_board() -> None:
    ours, theirs = factories.provider(), factories.provider("other", "Other")
    other_model = factories.model("org", "another")
    factories.endpoint("One", by=ours)
    factories.endpoint("Two", by=theirs)
    factories.endpoint("Three", of=other_model, by=ours)
    services.publish(factories.model().pk)
    services.publish(other_model.pk)
    found = selectors.rows_of_provider(ours.slug, selectors.snapshots())
    assert sorted(row["endpoint"]["label"] for _, row in found) == ["One", "Three"]
    assert selectors.models_on_the_board() == [("HuggingFaceTB", "SmolLM2-135M-Instruct"), ("org", "another")]
    assert [provider.slug for provider in selectors.providers()] == ["other", "test-lab"]


def test_what_publication_weighs(django_assert_num_queries: Any) -> None:
    now = timezone.now()
    one, two = factories.endpoint("One"), factories.endpoint("Two")
    factories.run(factories.endpoint("Hidden", listed=False))
    first = factories.run(one, ended=now - timedelta(hours=3), e_value=7.0)
    factories.run(one, factories.result("not-measured", None), ended=now - timedelta(hours=2))
    second = factories.run(one, ended=now - timedelta(hours=1), e_value=9.0, trigger="alarm")
    factories.open_run(one)
    with django_assert_num_queries(2):
        found = selectors.evidence_of_listed()
    assert set(found) == {one.pk, two.pk}
    assert found[two.pk] == selectors.Listed(two.model_id, [])
    assert [(e.run, e.e_value, e.confirms, e.present) for e in found[one.pk].runs] == [
        (str(second.pk), 9.0, True, True),
        (str(first.pk), 7.0, False, True),
    ]
    type(one).objects.update(changed=timezone.now())
    assert not any(evidence.present for evidence in selectors.evidence_of_listed()[one.pk].runs)
    for _ in range(selectors.CONSIDERED):
        factories.run(one, ended=now)
    assert len(selectors.evidence_of_listed()[one.pk].runs) == selectors.CONSIDERED


def test_another_run_may_speak() -> None:
    endpoint = factories.endpoint("One")
    now = timezone.now()
    older = factories.run(endpoint, ended=now - timedelta(hours=1))
    factories.run(endpoint, ended=now)
    assert selectors.latest_results([endpoint.pk], {endpoint.pk: older.pk})[endpoint.pk].run == older


def test_a_look_says_nothing_by_itself() -> None:
    now = timezone.now()
    endpoint = factories.endpoint("One")
    measured = factories.run(endpoint, ended=now - timedelta(days=1))
    factories.run(endpoint, factories.result(), ended=now, trigger=LOOK)
    assert selectors.latest_results([endpoint.pk])[endpoint.pk] == selectors.Latest(measured)
    assert [one.run for one in selectors.evidence_of_listed()[endpoint.pk].runs] == [str(measured.pk)]
    assert selectors.runs_of(endpoint.pk) == [measured]
