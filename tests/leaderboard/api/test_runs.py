from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leaderboard import services
from tests.leaderboard import factories
from verifier import suites
from verifier.models import Endpoint, Run

pytestmark = pytest.mark.django_db

API = "/api/v1"


def get(client: Client, address: str, status: int = 200) -> Any:
    response = client.get(f"{API}/{address}")
    assert response.status_code == status, response.content
    return response.json()


def test_a_run_gives_every_number_and_the_versions_that_made_it(client: Client) -> None:
    endpoint = factories.endpoint("One")
    run = factories.run(endpoint)
    services.publish(endpoint.model_id)
    found = get(client, f"runs/{run.pk}")
    assert (found["verdict"], found["published"], found["superseded_by"]) == ("deviating", True, None)
    assert found["result"]["e_values"]["accusation"] == 812.3
    assert found["result"]["declaration"]["measured"] == "int8"
    assert found["versions"]["policy"] == "1"
    assert "findings" not in found["result"]
    assert found["links"]["endpoint"] == f"{API}/endpoints/{endpoint.pk}"


def test_a_later_run_supersedes_and_the_earlier_one_stays(client: Client) -> None:
    endpoint = factories.endpoint("One")
    first = factories.run(endpoint, factories.faithful(), ended=timezone.now() - timedelta(days=1))
    services.publish(endpoint.model_id)
    second = factories.run(endpoint, factories.faithful())
    services.publish(endpoint.model_id)
    assert get(client, f"runs/{first.pk}")["superseded_by"] == str(second.pk)
    assert get(client, f"runs/{second.pk}")["superseded_by"] is None


@pytest.fixture
def waiting() -> Run:
    """A run that accuses, not enough among all to be published."""
    endpoint = factories.endpoint("Waiting")
    cause = {"name": "pruning", "support": 0.9, "evidence": "It answers as a pruned one does."}
    fingerprint = {"variant": "Pruned by half", "support": 0.9}
    run = factories.run(endpoint, factories.result(cause=cause, fingerprint=fingerprint), e_value=15.0)
    factories.finding(run, [factories.divergent()], cause="It lies beyond the honest band, as a pruned one.")
    services.publish(endpoint.model_id)
    return run


def test_an_accusation_that_is_not_published_leaks_nowhere(client: Client, waiting: Run) -> None:
    endpoint = waiting.endpoint
    for address in (
        f"runs/{waiting.pk}", f"runs/{waiting.pk}?include=findings", f"runs/{waiting.pk}/findings",
        f"endpoints/{endpoint.pk}", f"endpoints/{endpoint.pk}/history", "endpoints", "changes", "models",
        f"models/{endpoint.model.slug}", f"models/{endpoint.model.slug}/leaderboard", "providers",
    ):  # fmt: skip
        text = str(get(client, address))
        for leak in (
            "'verdict': 'deviating'",
            "Deviating",
            "prun",
            "Prun",
            "beyond",
            "'fail'",
            "'broken'",
            "int8-row'}",
        ):
            assert leak not in text, (address, leak)
    found = get(client, f"runs/{waiting.pk}?include=findings")
    assert found["verdict"] == "inconclusive"
    assert found["result"]["awaits"] == {"e_value": 15.0, "needed": 20.0, "among": 1}
    assert found["findings"][0]["outcome"] == "inconclusive"
    assert found["findings"][0]["estimate"] == 97.21, "numbers stay"


def test_a_run_that_was_never_published_does_not_speak_by_itself(client: Client, waiting: Run) -> None:
    factories.run(waiting.endpoint, factories.faithful(), ended=timezone.now())
    services.publish(waiting.endpoint.model_id)
    found = get(client, f"runs/{waiting.pk}")
    assert found["verdict"] == "inconclusive"
    assert found["result"]["awaits"]["e_value"] == 15.0
    newest = factories.run(waiting.endpoint, ended=timezone.now() + timedelta(seconds=1))
    found = get(client, f"runs/{newest.pk}")
    assert (found["verdict"], found["published"]) == ("inconclusive", False), "not published yet"


def test_a_confirmed_accusation_is_told(client: Client, waiting: Run) -> None:
    services.publish(waiting.endpoint.model_id)
    confirming = factories.run(
        waiting.endpoint, factories.result(), e_value=90.0, trigger="confirmation", ended=timezone.now()
    )
    services.publish(waiting.endpoint.model_id)
    assert get(client, f"runs/{confirming.pk}")["verdict"] == "deviating"
    kinds = [one["kind"] for one in get(client, f"endpoints/{waiting.endpoint_id}/history")["results"]]
    assert kinds[0] == "verdict"


def test_texts_of_hidden_prompts_are_not_told(client: Client) -> None:
    prompt = str(suites.load(suites.names()[0]).prompts[0].messages[-1]["content"])
    run = factories.run(factories.endpoint("One"))
    contexts = [factories.divergent(prompt=prompt), factories.divergent(2, prompt="A secret", prefix="So")]
    factories.finding(run, contexts)
    services.publish(run.endpoint.model_id)
    public, hidden = get(client, f"runs/{run.pk}/findings")["results"][0]["details"]["most_divergent"]
    assert (public["hidden"], public["prompt"]) == (False, prompt)
    assert (hidden["hidden"], hidden["prompt"], hidden["prefix"]) == (True, None, None)
    assert hidden["tv"] == 0.41
    assert [one["token"] for one in hidden["endpoint"]] == ["#1", "#2", "#3", "#4"]
    assert [one["token"] for one in hidden["reference"]] == ["#2", "#1", "#3", "#5"]
    assert [one["p"] for one in hidden["reference"]] == [one["p"] for one in contexts[1]["reference"]]
    assert "A secret" not in client.get(f"{API}/runs/{run.pk}?include=findings").content.decode()


def test_a_run_under_way_shows_its_progress_and_no_reasons_of_ours(client: Client) -> None:
    run = factories.open_run(factories.endpoint("One"))
    found = get(client, f"runs/{run.pk}")
    assert found["progress"] == {"done": 120, "planned": 420}
    assert (found["state"], found["verdict"], found["result"]) == ("running", None, None)
    Run.objects.update(state="failed", error="secret of the operator", ended=timezone.now())
    assert "secret" not in str(get(client, f"runs/{run.pk}"))
    assert get(client, f"runs/{run.pk}/findings")["results"] == []


def test_runs_of_what_is_not_listed_are_not_there(client: Client) -> None:
    run = factories.run(factories.endpoint("Hidden", listed=False))
    get(client, f"runs/{run.pk}", 404)
    get(client, f"runs/{run.pk}/findings", 404)


def test_unknown_words_are_refused(client: Client) -> None:
    run = factories.run(factories.endpoint("One"))
    assert "There is no 'secrets'" in get(client, f"runs/{run.pk}?include=secrets", 400)["detail"]
    assert get(client, f"runs/{run.pk}?fields=state") == {"state": "complete"}


@pytest.fixture
def board() -> dict[str, Endpoint]:
    return factories.board()


def test_the_board_has_ranks_and_costs_one_query_unchanged(
    client: Client, board: Any, django_assert_num_queries: Any
) -> None:
    address = f"{API}/models/HuggingFaceTB/SmolLM2-135M-Instruct/leaderboard"
    first = client.get(address)
    rows = first.json()["rows"]
    assert [row["rank"] for row in rows[:2]] == [{"place": 1, "tied": True}] * 2
    assert rows[0]["endpoint"] == get(client, f"endpoints/{board['Lab f16'].pk}")
    assert len(rows) == len(board)
    with django_assert_num_queries(1):
        assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    get(client, "models/org/unknown/leaderboard", 404)


def test_providers_count_what_is_listed(client: Client, board: Any, django_assert_num_queries: Any) -> None:
    factories.provider("quiet", "Quiet")
    (found,) = get(client, "providers")["results"]
    assert (found["slug"], found["lab"], found["endpoints"]) == ("test-lab", True, 15)
    assert found["verdicts"]["faithful"] == 3
    assert found["verdicts"]["not-yet-measured"] == 1
    assert sum(found["verdicts"].values()) == 15
    with django_assert_num_queries(1):
        assert get(client, "providers/test-lab") == found
    get(client, "providers/quiet", 404)
    assert get(client, "models")["results"][0]["verdicts"] == found["verdicts"]


def test_history_tells_what_was_published_when(client: Client) -> None:
    endpoint = factories.endpoint("One")
    services.publish(endpoint.model_id)
    run = factories.run(endpoint, factories.faithful())
    services.publish(endpoint.model_id)
    services.publish(endpoint.model_id)
    newest, oldest = get(client, f"endpoints/{endpoint.pk}/history")["results"]
    assert (newest["kind"], oldest["kind"]) == ("verdict", "listed")
    assert newest["before"]["verdict"] is None
    assert newest["after"]["verdict"] == "faithful"
    assert newest["run"]["id"] == str(run.pk)
    assert get(client, "changes?kind=verdict")["results"] == [newest]
    assert get(client, f"changes?since={newest['at'].replace('+', '%2B')}")["results"] == [newest]
    assert get(client, "changes?model=org/unknown")["results"] == []
    page = get(client, "changes?limit=1")
    assert page["results"] == [newest]
    assert client.get(page["next"]).json() == {"results": [oldest], "next": None}


def test_the_feed_says_that_an_endpoint_was_taken_off_and_nothing_else_of_it(client: Client) -> None:
    endpoint = factories.endpoint("One")
    factories.run(endpoint, factories.faithful())
    services.publish(endpoint.model_id)
    endpoint.listed = False
    endpoint.save()
    services.publish(endpoint.model_id)
    (found,) = get(client, "changes")["results"]
    assert (found["kind"], found["before"], found["after"], found["run"]) == ("delisted", None, None, None)
    get(client, f"endpoints/{endpoint.pk}/history", 404)
