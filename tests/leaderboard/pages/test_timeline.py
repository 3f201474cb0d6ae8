"""The course of an endpoint: on its own page as a picture with its events, on the board as a line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leaderboard import selectors, services
from leaderboard.certification import Reason, State
from leaderboard.models import Certificate, CertificateStep
from leaderboard.pages.timeline import course
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db


def lived() -> Endpoint:
    """Faithful twice, certified, then asked with another suite and found to be moved."""
    endpoint = factories.endpoint("Lab that changed")
    now = timezone.now()
    earlier = factories.faithful((99.5, 99.4, 99.6))
    first = factories.run(endpoint, earlier, ended=now - timedelta(days=20))
    factories.run(endpoint, earlier, ended=now - timedelta(days=10))
    versions = {"suite": "core 2.0 sha256:" + "1" * 64, "policy": "1", "assay": "0.1.0"}
    factories.run(endpoint, factories.result(versions=versions), ended=now - timedelta(days=1))
    held = Certificate.objects.create(
        endpoint=endpoint,
        state=State.CERTIFIED,
        moved=now - timedelta(days=19),
        certified=now - timedelta(days=19),
        expires=now + timedelta(days=70),
        run=first,
    )
    CertificateStep.objects.create(
        certificate=held,
        number=1,
        was=State.PENDING,
        now=State.CERTIFIED,
        reason=Reason.FAITHFUL,
        said="A deep run found it faithful.",
        happened=now - timedelta(days=19),
        expires=held.expires,
    )
    return endpoint


def test_runs_and_what_happened_between_them(django_assert_num_queries: Any) -> None:
    endpoint = lived()
    runs = selectors.runs_of(endpoint.pk)
    with django_assert_num_queries(2):
        found = course(runs, 99.4, None)
    assert found is not None
    assert [dot.point.value for dot in found.picture.dots] == [99.5, 99.5, 97.21]
    assert [event.word for event in found.events] == ["certified", "moved down", "core 2.0"]
    assert found.events[1].said.endswith("nothing in common with that of the run before it (99.40–99.60).")


def test_one_run_asks_nothing_and_shows_nothing(django_assert_num_queries: Any) -> None:
    endpoint = factories.endpoint("Lab once")
    factories.run(endpoint, factories.faithful())
    factories.open_run(endpoint)
    runs = selectors.runs_of(endpoint.pk)
    with django_assert_num_queries(0):
        assert course(runs, 99.4, None) is None


def test_the_page_and_the_board_show_it(client: Client) -> None:
    endpoint = lived()
    services.publish(endpoint.model_id)
    page = client.get(f"/endpoints/{endpoint.pk}/").content.decode()
    assert 'class="timeline levels-' in page
    assert "Certificate certified: A deep run found it faithful." in page
    assert "Asked with the suite core 2.0; before with core 1.0." in page
    board = client.get("/").content.decode()
    assert 'class="spark"' in board
    assert "moved in 3 runs" in board
    assert 'class="spark"' not in client.get("/?cols=price,age").content.decode()


def test_what_was_private_or_long_ago_draws_no_line() -> None:
    endpoint, now = factories.endpoint("Lab"), timezone.now()
    factories.run(endpoint, factories.faithful(), ended=now - timedelta(days=40))
    hidden = factories.run(endpoint, factories.faithful(), ended=now - timedelta(days=2))
    hidden.private = True
    hidden.save()
    factories.run(endpoint, factories.faithful(), ended=now - timedelta(days=1))
    found = selectors.drift_of(endpoint.model_id, now - timedelta(days=30))
    assert [reading.value for reading in found[str(endpoint.pk)]] == [99.54]
