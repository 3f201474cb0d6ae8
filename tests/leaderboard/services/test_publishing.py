from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leaderboard import services
from leaderboard.models import Snapshot
from tests.leaderboard import factories
from verifier.models import Endpoint, Model, Run
from verifier.models.base import new_id

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


def row(endpoint: Endpoint) -> dict[str, Any]:
    board = Snapshot.objects.get(model=endpoint.model_id).board
    return next(row for row in board["rows"] if row["endpoint"]["id"] == str(endpoint.pk))


def published(endpoint: Endpoint) -> str:
    services.publish(endpoint.model_id)
    return str(row(endpoint)["result"]["verdict"])


def thirty(of: Model | None = None) -> list[Endpoint]:
    """Thirty listed endpoints: a lone accusation among them takes 600."""
    return [factories.endpoint(f"E{number}", of=of) for number in range(30)]


def test_a_lone_accusation_among_many_awaits_confirmation() -> None:
    endpoint, *_ = thirty()
    run = factories.run(endpoint, e_value=450.0)
    assert published(endpoint) == "inconclusive"
    shown = row(endpoint)["result"]
    assert shown["awaits"] == {"e_value": 450.0, "needed": 600.0, "among": 30}
    assert row(endpoint)["nearest"] is None
    assert shown["declaration"]["measured"] is None
    run.refresh_from_db()
    assert run.verdict == "deviating", "its own verdict stays with the run"
    assert run.result is not None
    assert run.result["verdict"] == "deviating"


def test_enough_evidence_is_published_at_once() -> None:
    endpoint, *_ = thirty()
    factories.run(endpoint, e_value=600.0)
    assert published(endpoint) == "deviating"
    assert "awaits" not in row(endpoint)["result"]


def test_a_result_without_a_current_e_value_accuses_nobody() -> None:
    endpoint = factories.endpoint("One")
    run = factories.run(endpoint)
    Run.objects.filter(pk=run.pk).update(accusation=None)
    assert published(endpoint) == "inconclusive"
    assert row(endpoint)["result"]["awaits"] == {"e_value": 1.0, "needed": 20.0, "among": 1}


def test_controls_are_treated_like_everybody_else() -> None:
    endpoint, *_ = thirty()
    Endpoint.objects.filter(pk=endpoint.pk).update(is_control=True, control_truth="degraded")
    factories.run(endpoint, e_value=450.0)
    assert published(endpoint) == "inconclusive"


def test_one_confirming_run_is_asked_for_with_another_seed_and_what_is_wanting() -> None:
    endpoint, *_ = thirty()
    run = factories.run(endpoint, e_value=450.0)
    services.publish(endpoint.model_id)
    for _ in range(2):
        services.follow_up()
    confirming = Run.objects.get(state="queued")
    assert (confirming.endpoint, confirming.trigger) == (endpoint, "confirmation")
    assert confirming.seed != run.seed
    assert confirming.settings["accuse_at"] == pytest.approx(600 / 450)


def test_against_another_baseline_a_run_has_to_be_enough_by_itself() -> None:
    endpoint, *_ = thirty()
    run = factories.run(endpoint, e_value=450.0)
    newer = factories.baseline(endpoint.model)
    newer.pk = new_id()
    newer.save(force_insert=True)
    services.follow_up()
    confirming = Run.objects.get(state="queued")
    assert confirming.baseline_id == newer.pk != run.baseline_id
    assert confirming.settings["accuse_at"] == 600.0


def test_independent_runs_multiply_and_the_endpoint_is_accused() -> None:
    endpoint, *_ = thirty()
    now = timezone.now()
    factories.run(endpoint, e_value=450.0, ended=now - timedelta(hours=1))
    assert published(endpoint) == "inconclusive"
    factories.run(endpoint, e_value=110.0, ended=now, trigger="confirmation")
    assert published(endpoint) == "deviating"
    services.follow_up()
    assert not Run.objects.filter(state="queued").exists()


def test_what_was_measured_before_the_endpoint_changed_does_not_count() -> None:
    endpoint, *_ = thirty()
    now = timezone.now()
    factories.run(endpoint, e_value=450.0, ended=now - timedelta(hours=1))
    Endpoint.objects.filter(pk=endpoint.pk).update(changed=timezone.now())
    factories.run(endpoint, e_value=110.0, ended=now, trigger="confirmation")
    assert published(endpoint) == "inconclusive"
    assert row(endpoint)["result"]["awaits"]["e_value"] == 110.0


def test_an_undecided_confirmation_leaves_the_word_to_the_run_before_it() -> None:
    endpoint, *_ = thirty()
    now = timezone.now()
    first = factories.run(endpoint, e_value=450.0, ended=now - timedelta(hours=1))
    undecided = factories.result("inconclusive", stopped_because="budget")
    factories.run(endpoint, undecided, e_value=9.0, ended=now, trigger="confirmation")
    assert published(endpoint) == "deviating"
    assert row(endpoint)["run"]["id"] == str(first.pk)


def test_after_two_confirming_runs_of_a_day_nobody_is_asked_again() -> None:
    endpoint, *_ = thirty()
    for _ in range(3):
        factories.run(endpoint, e_value=2.0, trigger="confirmation")
    services.publish(endpoint.model_id)
    services.follow_up()
    assert not Run.objects.filter(state="queued").exists()


def test_an_accusation_elsewhere_moves_what_one_here_takes() -> None:
    here, *_ = thirty()
    there = factories.endpoint("Elsewhere", of=factories.model("other", "model"))
    factories.run(here, e_value=400.0)
    assert published(here) == "inconclusive"
    assert row(here)["result"]["awaits"]["needed"] == 620.0
    factories.run(there, e_value=5000.0)
    assert published(there) == "deviating"
    before = Snapshot.objects.get(model=here.model_id)
    assert row(here)["result"]["verdict"] == "inconclusive"
    services.follow_up()
    assert row(here)["result"]["verdict"] == "deviating"
    after = Snapshot.objects.get(model=here.model_id)
    assert after.published > before.published
    services.follow_up()
    assert Snapshot.objects.get(model=here.model_id).published == after.published


def test_publishing_reads_little_however_many_are_listed(django_assert_num_queries: Any) -> None:
    endpoint, *others = thirty()
    for one in (endpoint, *others[:10]):
        factories.run(one, e_value=1e6)
    services.publish(endpoint.model_id)
    with django_assert_num_queries(10):  # two of them a savepoint
        services.publish(endpoint.model_id)
    with django_assert_num_queries(3):
        services.follow_up()
