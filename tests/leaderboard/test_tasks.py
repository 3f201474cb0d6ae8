from __future__ import annotations

import pytest

from leaderboard import tasks
from leaderboard.celery import app
from tests.leaderboard import factories
from verifier.models import Run

pytestmark = pytest.mark.django_db


def test_what_could_not_be_asked_when_the_accusation_came_is_asked_later() -> None:
    factories.run(factories.endpoint("One"), e_value=15.0)
    tasks.follow_up()
    assert Run.objects.get(state="queued").trigger == "confirmation"


def test_it_never_waits_behind_runs() -> None:
    assert app.amqp.router.route({}, "leaderboard.follow_up")["queue"].name == "assay.sweep"
