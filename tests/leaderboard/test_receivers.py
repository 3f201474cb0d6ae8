from __future__ import annotations

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from leaderboard.models import Snapshot
from tests.leaderboard import factories
from verifier.models import Run
from verifier.signals import run_ended

pytestmark = pytest.mark.django_db


def rows() -> list[dict[str, Any]]:
    return list(Snapshot.objects.get().board["rows"])


def test_a_run_that_ended_is_on_the_board() -> None:
    run = factories.run(factories.endpoint("One"))
    for _ in range(2):  # it is sent again when a worker died in between
        run_ended.send(sender=Run, run_id=run.pk, state="complete")
    (row,) = rows()
    assert row["run"]["id"] == str(run.pk)


def test_a_run_that_is_gone_disturbs_nobody() -> None:
    run_ended.send(sender=Run, run_id=uuid7(), state="complete")
    assert not Snapshot.objects.exists()


def test_a_registered_endpoint_is_on_the_board_before_its_first_run(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        endpoint = factories.endpoint("One")
    assert [row["endpoint"]["label"] for row in rows()] == ["One"]
    with django_capture_on_commit_callbacks(execute=True):
        endpoint.label = "Renamed"
        endpoint.save()
    assert [row["endpoint"]["label"] for row in rows()] == ["Renamed"]
    with django_capture_on_commit_callbacks(execute=True):
        endpoint.delete()
    assert rows() == []


def test_deleting_a_model_leaves_no_board(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        endpoint = factories.endpoint("One")
    model = endpoint.model
    with django_capture_on_commit_callbacks(execute=True):
        endpoint.delete()
        model.delete()
    assert not Snapshot.objects.exists()


def test_an_accusation_that_awaits_confirmation_is_followed_up() -> None:
    run = factories.run(factories.endpoint("One"), e_value=15.0)
    for _ in range(2):
        run_ended.send(sender=Run, run_id=run.pk, state="complete")
    (row,) = rows()
    assert row["result"]["verdict"] == "inconclusive"
    assert Run.objects.get(state="queued").trigger == "confirmation"
