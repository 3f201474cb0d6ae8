from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.models import Snapshot
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def board() -> dict[str, Endpoint]:
    return factories.board()


def get(client: Client, address: str, status: int = 200, **headers: str) -> Any:
    response = client.get(f"{API}/{address}", headers=headers)
    assert response.status_code == status, response.content
    return response.json()


def labels(client: Client, query: str) -> list[str]:
    return [one["label"] for one in get(client, f"endpoints?{query}")["results"]]


def test_an_endpoint_says_what_is_published_with_its_interval_and_versions(
    client: Client, board: Any
) -> None:
    found = get(client, f"endpoints/{board['Lab Q4_0'].pk}")
    assert found["verdict"] == "deviating"
    assert found["fidelity"]["value"] == 78.3
    assert (found["fidelity"]["low"], found["fidelity"]["high"]) == (76.2, 80.3)
    assert found["fidelity"]["prompts"] == 130
    assert found["declaration"] == {"declared": "bf16", "measured": "int4", "state": "broken"}
    assert found["nearest"]["quantization"] == "int4"
    assert set(found["versions"]) == {"suite", "policy", "assay"}
    assert found["run"]["url"] == f"{API}/runs/{board['Lab Q4_0'].runs.get().pk}"
    assert found["control"] is False


def test_an_endpoint_without_a_run_claims_nothing(client: Client, board: Any) -> None:
    found = get(client, f"endpoints/{board['Lab new'].pk}")
    assert (found["verdict"], found["fidelity"], found["run"]) == (None, None, None)
    assert found["declaration"] == {"declared": "bf16", "measured": None, "state": "unknown"}


def test_one_query_an_endpoint_and_an_unchanged_one_costs_no_more(
    client: Client, board: Any, django_assert_num_queries: Any
) -> None:
    address = f"{API}/endpoints/{board['Lab Q4_0'].pk}"
    with django_assert_num_queries(1):
        first = client.get(address)
    with django_assert_num_queries(1):
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert "stale-while-revalidate" in again["Cache-Control"]
    by_date = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
    assert by_date.status_code == 304


def test_a_changed_verdict_changes_exactly_what_shows_it(client: Client, board: Any) -> None:
    model = f"{API}/models/HuggingFaceTB/SmolLM2-135M-Instruct"
    endpoints = {label: f"{API}/endpoints/{one.pk}" for label, one in board.items()}
    others = [address for label, address in endpoints.items() if label != "Lab KV q8_0"]
    showing = [endpoints["Lab KV q8_0"], f"{API}/endpoints", model, f"{API}/models"]
    silent = [*others, f"{API}/endpoints?verdict=faithful"]
    before = {address: client.get(address)["ETag"] for address in showing + silent}
    factories.run(board["Lab KV q8_0"], factories.result(), ended=timezone.now())
    services.publish(board["Lab KV q8_0"].model_id)
    after = {address: client.get(address)["ETag"] for address in showing + silent}
    assert {address for address in before if before[address] != after[address]} == set(showing)


def test_an_accusation_that_awaits_confirmation_is_not_served(client: Client) -> None:
    endpoint = factories.endpoint("Waiting")
    cause = {"name": "pruning", "support": 0.9, "evidence": "It answers as a pruned one does."}
    factories.run(endpoint, factories.result(cause=cause, grade="B"), e_value=15.0)
    services.publish(endpoint.model_id)
    found = get(client, f"endpoints/{endpoint.pk}")
    assert (found["verdict"], found["cause"], found["grade"]) == ("inconclusive", None, None)
    assert found["awaits"] == {"e_value": 15.0, "needed": 20.0, "among": 1}
    assert found["declaration"] == {"declared": "bf16", "measured": None, "state": "unknown"}
    assert labels(client, "verdict=deviating,different-model") == []


def test_what_is_not_listed_is_not_there(client: Client) -> None:
    hidden = factories.endpoint("Hidden", listed=False)
    factories.run(hidden)
    services.publish(hidden.model_id)
    assert labels(client, "") == []
    for address in (f"endpoints/{hidden.pk}", f"endpoints/{uuid7()}", "endpoints/nonsense"):
        assert get(client, address, 404)["code"] == "not_found"


def test_an_endpoint_taken_off_the_list_is_gone_at_once(client: Client, board: Any) -> None:
    endpoint = board["Lab Q4_0"]
    get(client, f"endpoints/{endpoint.pk}")
    endpoint.listed = False
    endpoint.save()
    services.publish(endpoint.model_id)
    get(client, f"endpoints/{endpoint.pk}", 404)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("verdict=different-model", ["Lab other model"]),
        ("verdict=not-yet-measured,not-measured", ["Lab down", "Lab new"]),
        ("measured=fp8", ["Lab FP8", "Lab FP8, declared"]),
        ("declared=fp8", ["Lab FP8, declared"]),
        ("evidence_level=text", ["Lab without logprobs"]),
        ("min_fidelity=99.49", ["Lab f16", "Lab f32, four slots"]),
        ("max_latency=40", ["Lab Q8_0"]),
        ("provider=nobody", []),
        ("model=org/unknown", []),
        ("certified=true", []),
        ("control=true", []),
        ("tools=true", []),
        ("min_grade=F", []),
        ("max_price=1", []),
        ("verdict=faithful&min_fidelity=99.5", ["Lab f16"]),
    ],
)
def test_filters(client: Client, board: Any, query: str, expected: list[str]) -> None:
    assert labels(client, query) == expected


def test_filters_of_what_the_rows_do_not_have_here(client: Client) -> None:
    tool = {"check": "tool_calls", "outcome": "pass"}
    one = factories.endpoint("Cheap", price_out="0.40", is_control=True)
    factories.run(one, factories.faithful(grade="A", findings=[tool]))
    two = factories.endpoint("Dear", price_out="4.00")
    factories.run(two, factories.faithful(grade="B", findings=[{**tool, "outcome": "unsupported"}]))
    services.publish(one.model_id)
    assert labels(client, "max_price=1") == ["Cheap"]
    assert labels(client, "min_grade=A") == ["Cheap"]
    assert labels(client, "min_grade=B") == ["Cheap", "Dear"]
    assert labels(client, "tools=true") == ["Cheap"]
    assert labels(client, "tools=false") == ["Dear"]
    assert labels(client, "control=false") == ["Dear"]


def test_updated_since(client: Client, board: Any) -> None:
    now = timezone.now()
    factories.run(board["Lab new"], factories.faithful(), ended=now)
    services.publish(board["Lab new"].model_id)
    query = f"updated_since={now.isoformat().replace('+', '%2B')}"
    assert labels(client, query) == ["Lab new"]
    later = (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert labels(client, f"updated_since={later}") == []
    for long_ago in ("0001-01-01T00:00:00%2B05:00", "1883-06-29T14:30:11%2B18:28", "1970-01-01T00:00:00"):
        assert "Lab new" in labels(client, f"updated_since={long_ago}")
    assert labels(client, "updated_since=9999-12-31T23:59:59-05:00") == []


def test_pages_follow_each_other_to_the_end(client: Client, board: Any) -> None:
    found, address = [], f"{API}/endpoints?limit=4&control=false"
    while address:
        response = client.get(address)
        page = response.json()
        assert len(page["results"]) <= 4
        found += [one["label"] for one in page["results"]]
        address = page["next"]
        assert ("Link" in response) == bool(address)
    assert found == list(board)


def test_a_cursor_is_signed_and_belongs_to_its_filters(client: Client, board: Any) -> None:
    address = get(client, "endpoints?limit=2")["next"]
    cursor = address.split("cursor=")[1].split("&")[0]
    for query in (f"cursor={cursor}x", f"cursor={cursor}&verdict=faithful", "cursor=made-up", "cursor="):
        assert get(client, f"endpoints?{query}", 400)["errors"][0]["field"] == "cursor"


def test_sparse_fields(client: Client, board: Any) -> None:
    assert get(client, "endpoints?fields=id,verdict&limit=1")["results"] == [
        {"id": str(board["Lab f16"].pk), "verdict": "faithful"}
    ]
    found = get(client, f"endpoints/{board['Lab f16'].pk}?fields=grade", 200)
    assert found == {"grade": None}
    assert "There is no 'colour'" in get(client, "endpoints?fields=colour", 400)["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "verdict=good", "verdct=faithful", "limit=0", "limit=101", "limit=x", "min_grade=Z",
        "certified=maybe", "max_price=-1", "max_price=cheap", "updated_since=yesterday", "limit=1&limit=2",
        "model=%00/x",
        "fields=" + "x" * 3000, "max_price=NaN", "min_fidelity=1e999",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_says_why(client: Client, board: Any, query: str) -> None:
    found = get(client, f"endpoints?{query}", 400)
    assert found["code"] == "invalid"
    assert found["errors"][0]["field"] == query.split("=")[0]
    assert found["detail"]


def test_a_board_published_before_there_was_an_api_is_served_after_the_next_follow_up(
    client: Client, board: Any
) -> None:
    from leaderboard.models import PublishedEndpoint

    PublishedEndpoint.objects.all().delete()
    Snapshot.objects.update(standing="", summary={})
    services.follow_up()
    assert len(labels(client, "")) == len(board)
