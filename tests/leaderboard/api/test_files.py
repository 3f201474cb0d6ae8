"""Exports, router configurations, badges and the card, as they come over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.utils import timezone

from leaderboard import services
from leaderboard.api import filters
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db

API = "/api/v1"
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture
def board() -> dict[str, Endpoint]:
    return factories.board()


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_an_export_is_filtered_and_costs_one_query_unchanged(
    client: Client, board: Any, django_assert_num_queries: Any, kind: str
) -> None:
    address = f"{API}/exports/leaderboard.{kind}?verdict=faithful"
    with django_assert_num_queries(2):
        first = client.get(address)
    assert first.status_code == 200
    assert f"assay-leaderboard.{kind}" in first["Content-Disposition"]
    with django_assert_num_queries(1):
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    if kind == "parquet":
        assert pq.read_table(BytesIO(first.content)).num_rows == 3
    elif kind == "json":
        assert len(first.json()["endpoints"]) == 3
    else:
        assert len(first.content.decode().splitlines()) == 4
    factories.run(board["Lab f16"], factories.result(), ended=timezone.now())
    services.publish(board["Lab f16"].model_id)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("name", ["openrouter.json", "litellm.yaml", "vercel.json"])
def test_a_router_gets_what_passes_and_nothing_where_nothing_does(
    client: Client, board: Any, name: str
) -> None:
    response = client.get(f"{API}/routers/{name}?model={MODEL}&min_fidelity=99.5&provider=test-lab")
    if name == "vercel.json":
        assert response.json()["code"] == "nothing_passes", "the provider has accused endpoints as well"
    else:
        assert response.status_code == 200
        assert str(board["Lab f16"].pk) in response.content.decode()
        assert "Lab f32" not in response.content.decode()
        assert (
            client.get(
                response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"],
                headers={"If-None-Match": response["ETag"]},
            ).status_code
            == 304
        )
    nothing = client.get(f"{API}/routers/{name}?model={MODEL}&certified=true")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing_passes")
    unknown = client.get(f"{API}/routers/{name}?model={MODEL}&min_grad=A")
    assert unknown.status_code == 400, "a misspelt filter never passes everything"


def test_a_router_gets_no_controls_and_no_accused_unless_it_asks(client: Client) -> None:
    control = factories.endpoint("Control", is_control=True)
    factories.run(control, factories.faithful())
    accused = factories.endpoint("Accused")
    factories.run(accused)
    services.publish(control.model_id)
    address = f"{API}/routers/openrouter.json?model={MODEL}"
    assert client.get(address).status_code == 404
    (told,) = client.get(address + "&control=true").json()["assay"]["endpoints"]
    assert (told["id"], told["control"]) == (str(control.pk), True)
    (told,) = client.get(address + "&verdict=deviating").json()["assay"]["endpoints"]
    assert (told["id"], told["verdict"]) == (str(accused.pk), "deviating")


@pytest.mark.parametrize("name", ["openrouter.json", "vercel.json"])
def test_what_is_true_of_one_model_only_needs_a_model(client: Client, board: Any, name: str) -> None:
    found = client.get(f"{API}/routers/{name}")
    assert found.status_code == 400
    assert found.json()["errors"][0]["field"] == "model"


def test_a_badge_and_a_card_follow_the_verdict(client: Client, board: Any) -> None:
    endpoint = board["Lab f16"]
    address = f"{API}/endpoints/{endpoint.pk}"
    before = {name: client.get(f"{address}/{name}") for name in ("badge.svg", "badge.json", "card")}
    assert "faithful · fidelity 99.5 · today" in before["badge.svg"].content.decode()
    assert before["badge.json"].json()["message"] == "faithful · fidelity 99.5 · today"
    assert "99.5" in before["card"].content.decode()
    factories.run(endpoint, factories.result(), ended=timezone.now())
    services.publish(endpoint.model_id)
    for name, former in before.items():
        now = client.get(f"{address}/{name}")
        assert now["ETag"] != former["ETag"], name
        assert "deviating" in now.content.decode(), name
    assert client.get(f"{API}/endpoints/{factories.provider().pk}/badge.svg").status_code == 404


def test_a_badge_grows_old(client: Client) -> None:
    endpoint = factories.endpoint("One", is_control=True)
    factories.run(endpoint, factories.faithful(), ended=timezone.now() - timedelta(days=40))
    services.publish(endpoint.model_id)
    found = client.get(f"{API}/endpoints/{endpoint.pk}/badge.json").json()
    assert found["message"].endswith("stale, 40 days ago")
    assert found["label"] == "assay control"


def test_pictures_and_cards_are_boxed_in(client: Client, board: Any) -> None:
    address = f"{API}/endpoints/{board['Lab f16'].pk}"
    picture = client.get(f"{address}/badge.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "sandbox" in picture["Content-Security-Policy"]
    assert "unsafe" not in picture["Content-Security-Policy"]
    assert picture["Cross-Origin-Resource-Policy"] == "cross-origin"
    card = client.get(f"{address}/card")
    assert "X-Frame-Options" not in card
    assert "frame-ancestors *" in card["Content-Security-Policy"]
    assert "script-src 'none'" in card["Content-Security-Policy"]
    assert "<script" not in card.content.decode()
    assert client.get(address)["X-Frame-Options"] == "DENY"


def test_reads_may_come_from_any_site_and_writes_from_none(client: Client, board: Any) -> None:
    found = client.get(f"{API}/endpoints", headers={"Origin": "https://elsewhere.example"})
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in found["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in found
    asked = client.options(
        f"{API}/endpoints",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
    )
    assert "POST" not in asked["Access-Control-Allow-Methods"]
    page = client.get("/", headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in page


def test_a_certificate_shows_where_its_endpoint_does(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    from tests.leaderboard.certifying import certified, known

    endpoint = known()
    with django_capture_on_commit_callbacks(execute=True):
        certificate = certified(endpoint)
    found = client.get(f"{API}/endpoints/{endpoint.pk}").json()
    assert (found["certificate"]["id"], found["certificate"]["state"]) == (str(certificate.pk), "certified")
    assert len(client.get(f"{API}/endpoints?certified=true").json()["results"]) == 1
    kinds = [one["kind"] for one in client.get(f"{API}/endpoints/{endpoint.pk}/history").json()["results"]]
    assert kinds[0] == "certificate"
    assert "certified" in client.get(f"{API}/endpoints/{endpoint.pk}/badge.svg").content.decode()


def test_the_words_of_filters_are_those_of_the_documents() -> None:
    from leaderboard.exports.routing import GRADES

    assert GRADES[:-1] == filters.GRADES
    assert all(re.fullmatch(r"[a-z]+", level) for level in filters.EVIDENCE_LEVELS)
