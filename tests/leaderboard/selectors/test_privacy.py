"""What is private never shows: on no page, no board, in no weighing."""

from __future__ import annotations

import pytest
from django.test import Client

from leaderboard import selectors, services
from tests.leaderboard import factories
from verifier import services as facts
from verifier.models import Endpoint, Run
from verifier.selectors import prompts_asked, usual_seed

pytestmark = pytest.mark.django_db


def private(endpoint: Endpoint) -> Run:
    run = factories.run(endpoint)
    Run.objects.filter(pk=run.pk).update(private=True)
    return run


def test_a_private_run_of_a_listed_endpoint_shows_nowhere(client: Client) -> None:
    endpoint = factories.endpoint("One")
    public = factories.run(endpoint, factories.faithful())
    run = private(endpoint)
    snapshot = services.publish(endpoint.model_id)
    (row,) = snapshot.board["rows"]
    assert row["run"]["id"] == str(public.pk)
    assert row["result"]["verdict"] == "faithful"
    assert [one.run for one in selectors.evidence_of_listed()[endpoint.pk].runs] == [str(public.pk)]
    assert selectors.runs_of(endpoint.pk) == [public]
    for address in (f"/runs/{run.pk}/", f"/runs/{run.pk}/progress/"):
        assert client.get(address).status_code == 404
    for address in ("/", "/models/", "/providers/test-lab/", f"/endpoints/{endpoint.pk}/"):
        page = client.get(address).content.decode()
        assert str(run.pk) not in page
        assert "97.2" not in page, "its fidelity"


def test_an_open_private_run_is_not_announced(client: Client) -> None:
    endpoint = factories.endpoint("One")
    services.publish(endpoint.model_id)
    run = factories.open_run(endpoint)
    Run.objects.filter(pk=run.pk).update(private=True)
    for address in ("/", f"/endpoints/{endpoint.pk}/"):
        assert str(run.pk) not in client.get(address).content.decode()


def test_a_provider_without_a_listed_endpoint_is_not_known(client: Client) -> None:
    factories.endpoint("One", listed=False, by=factories.provider("quiet", "Quiet"))
    assert client.get("/providers/quiet/").status_code == 404
    assert "Quiet" not in client.get("/providers/").content.decode()


def test_a_private_run_leaves_no_trace_in_the_public_ones() -> None:
    endpoint = factories.endpoint("One")
    factories.baseline(endpoint.model)
    first = facts.queue_run(endpoint, trigger="provider", private=True)
    assert first.private
    assert usual_seed(endpoint.pk) is None
    facts.cancel_run(first.pk)
    run = private(endpoint)
    assert prompts_asked(endpoint.pk, run.seed) == 0
    public = facts.queue_run(endpoint)
    assert not public.private
    assert public.seed != first.seed
    assert public.settings["start"] == 0


def test_the_blind_key_is_used_where_it_is_the_only_one() -> None:
    endpoint = factories.endpoint("One")
    factories.baseline(endpoint.model)
    facts.set_credential(endpoint, "sk-blind-0123456789abcdef", blind=True)
    run = facts.queue_run(endpoint)
    assert run.blind
    facts.cancel_run(run.pk)
    private_run = facts.queue_run(endpoint, private=True)
    assert not private_run.blind, "the operator pays for no private run"
    facts.cancel_run(private_run.pk)
    facts.set_credential(endpoint, "sk-declared-0123456789abcdef")
    assert not facts.queue_run(endpoint).blind
