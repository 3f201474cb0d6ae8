from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from leaderboard import services
from leaderboard.models import Snapshot
from tests.leaderboard import factories
from verifier.models import Model

pytestmark = pytest.mark.django_db


def labels(snapshot: Snapshot) -> list[str]:
    return [row["endpoint"]["label"] for row in snapshot.board["rows"]]


def test_a_board_is_published_once_a_model_and_follows_the_facts() -> None:
    endpoint = factories.endpoint("One")
    first = services.publish(endpoint.model_id)
    assert labels(first) == ["One"]
    assert first.board["rows"][0]["result"] is None
    factories.run(endpoint)
    second = services.publish(endpoint.model_id)
    assert second.pk == first.pk
    assert second.board["rows"][0]["result"]["verdict"] == "deviating"
    assert second.digest != first.digest
    assert second.published > first.published


def test_publishing_the_same_facts_again_changes_nothing() -> None:
    endpoint = factories.endpoint("One")
    factories.run(endpoint)
    first = services.publish(endpoint.model_id)
    second = services.publish(endpoint.model_id)
    assert (second.digest, second.published) == (first.digest, first.published)


def test_the_digest_is_that_of_the_stored_board() -> None:
    from verifier.evidence.canonical import digest

    endpoint = factories.endpoint("One")
    factories.run(endpoint)
    snapshot = services.publish(endpoint.model_id)
    snapshot.refresh_from_db()
    assert snapshot.digest == digest(snapshot.board)


def test_unlisted_endpoints_and_other_models_are_not_on_the_board() -> None:
    endpoint = factories.endpoint("Listed")
    factories.endpoint("Hidden", listed=False)
    factories.endpoint("Elsewhere", of=factories.model("other", "model"))
    assert labels(services.publish(endpoint.model_id)) == ["Listed"]


def test_an_endpoint_that_is_down_keeps_its_last_verdict_and_says_so() -> None:
    endpoint = factories.endpoint("One")
    now = timezone.now()
    measured = factories.run(endpoint, ended=now - timedelta(days=1))
    down = factories.result("not-measured", None, stopped_because="endpoint-down")
    factories.run(endpoint, down, ended=now)
    (row,) = services.publish(endpoint.model_id).board["rows"]
    assert row["run"]["id"] == str(measured.pk)
    assert row["missed"] == now.isoformat()


def test_a_model_that_is_not_there() -> None:
    gone = factories.model()
    Model.objects.all().delete()
    with pytest.raises(Model.DoesNotExist):
        services.publish(gone.pk)
