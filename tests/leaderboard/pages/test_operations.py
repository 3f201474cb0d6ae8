from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families as parsed

from tests.leaderboard import factories
from verifier import services
from verifier.models import SWEEP, Pulse, Run

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def swept(broker: None) -> None:
    services.sweep()


def test_a_process_that_answers_is_alive_whatever_else_is_down(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.usefixtures("swept")
def test_it_is_ready_when_everything_works(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "broker": "ok", "beat": "ok"}


@pytest.mark.usefixtures("broker")
def test_it_is_not_ready_before_a_worker_swept_or_when_none_does_any_more(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "start a worker" in answer.json()["beat"]
    Pulse.objects.create(name=SWEEP, at=timezone.now() - timedelta(minutes=5))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["beat"].startswith("last sweep 30")


def test_it_says_which_part_is_not_reached(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", broken)
    monkeypatch.setattr("leaderboard.selectors.operations.calls_waiting", lambda: None)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "not reached (DatabaseError)",
        "broker": "not reached",
        "beat": "unknown",
    }


def test_metrics_are_off_by_default_and_take_their_token(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {TOKEN}x"}):
        answer = client.get("/metrics", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert TOKEN not in answer.content.decode()


@pytest.mark.usefixtures("swept")
def test_the_figures_are_what_the_tables_say(
    client: Client, settings: Any, django_assert_max_num_queries: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    board = factories.board()
    factories.open_run(board["Lab new"], done=10)
    with django_assert_max_num_queries(24):
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in parsed(answer.content.decode())
        for sample in family.samples
    }
    assert found["assay_open_runs", "running"] + found["assay_open_runs", "queued"] == 1
    ended = {key: value for key, value in found.items() if key[0] == "assay_runs_total"}
    deviating = Run.objects.filter(verdict="deviating").count()
    assert ended["assay_runs_total", "complete", "deviating"] == deviating > 1
    assert sum(ended.values()) == Run.objects.exclude(ended=None).count()
    assert found["assay_endpoints", "not-yet-measured"] >= 1
    assert sum(value for key, value in found.items() if key[0] == "assay_endpoints") == len(board)
    assert found["assay_broker_up",] == 1
    assert found["assay_sweep_age_seconds",] < 60
    assert found["assay_alarms_total",] == 0
