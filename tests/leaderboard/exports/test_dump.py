"""The dump: what is in it, what it says of itself, and that it tells nothing that the site does not tell."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.utils import timezone

from leaderboard import services
from leaderboard.exports import dump, table, table_runs
from leaderboard.models import Dump
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db
ZIP, DESCRIPTION = "/api/v1/exports/dump.zip", "/api/v1/exports/croissant.json"


@pytest.fixture
def board() -> dict[str, Endpoint]:
    return factories.board()


def opened(client: Client) -> tuple[ZipFile, dict[str, Any], bytes]:
    """The dump as it is served: the file, its description, its bytes."""
    answer = client.get(ZIP)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    return ZipFile(BytesIO(answer.content)), json.loads(client.get(DESCRIPTION).content), answer.content


def test_before_the_first_it_says_so(client: Client) -> None:
    for address in (ZIP, DESCRIPTION):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "No dump was made yet" in answer.json()["detail"]


def test_it_holds_everything_that_is_published(board: dict[str, Endpoint], client: Client) -> None:
    services.keep_dump()
    file, _, _ = opened(client)
    assert set(file.namelist()) == {*dump.SAID, dump.DESCRIPTION}
    assert not file.testzip()
    rows = pq.read_table(BytesIO(file.read("endpoints.parquet"))).to_pylist()
    served = client.get("/api/v1/exports/leaderboard.json").json()["endpoints"]
    assert [row["id"] for row in rows] == [one["id"] for one in served]
    assert [json.loads(line) for line in file.read("endpoints.jsonl").splitlines()] == served
    assert file.read("endpoints.csv") == client.get("/api/v1/exports/leaderboard.csv").content
    changes = [json.loads(line) for line in file.read("changes.jsonl").splitlines()]
    assert changes == client.get("/api/v1/changes?limit=100").json()["results"]
    runs = pq.read_table(BytesIO(file.read("runs.parquet"))).to_pylist()
    assert {run["id"] for run in runs} >= {one["run"]["id"] for one in served if one["run"]}
    for run in runs:
        told = client.get(f"/api/v1/runs/{run['id']}").json()
        assert run["verdict"] == told["verdict"]
        assert run["fidelity"] == (told["result"]["fidelity"] or {}).get("value")


def test_a_private_run_and_an_unlisted_endpoint_are_not_in_it(
    board: dict[str, Endpoint], client: Client
) -> None:
    gone, kept = board["Lab Q8_0"], board["Lab Q4_0"]
    Endpoint.objects.filter(pk=gone.pk).update(listed=False)
    secret = factories.run(kept, factories.result())
    type(secret).objects.filter(pk=secret.pk).update(private=True)
    services.publish(kept.model_id)
    services.keep_dump()
    file, _, _ = opened(client)
    runs = pq.read_table(BytesIO(file.read("runs.parquet"))).to_pylist()
    assert str(gone.pk) not in {run["endpoint"] for run in runs}
    assert str(secret.pk) not in {run["id"] for run in runs}


def test_an_accusation_that_was_not_published_is_none(board: dict[str, Endpoint], client: Client) -> None:
    """As on the run's own page: undecided, whatever it found."""
    services.keep_dump()
    file, _, _ = opened(client)
    for run in pq.read_table(BytesIO(file.read("runs.parquet"))).to_pylist():
        if not run["published"]:
            assert run["verdict"] not in ("deviating", "different-model")
            assert run["cause"] is None


def test_the_description_fits_the_files(board: dict[str, Endpoint], client: Client) -> None:
    services.keep_dump()
    file, told, data = opened(client)
    whole, *members = told["distribution"]
    assert (whole["sha256"], whole["contentSize"]) == (sha256(data).hexdigest(), f"{len(data)} B")
    assert whole["contentUrl"].endswith(ZIP)
    assert {one["name"] for one in members} == set(dump.SAID)
    for one in members:
        assert one["sha256"] == sha256(file.read(one["contentUrl"])).hexdigest()
        assert one["containedIn"] == {"@id": whole["@id"]}
    inside = json.loads(file.read(dump.DESCRIPTION))
    assert inside["distribution"][1:] == members
    assert inside["recordSet"] == told["recordSet"]
    for records, columns in zip(told["recordSet"], (table.COLUMNS, table_runs.COLUMNS), strict=True):
        name = f"{records['name']}.parquet"
        stored = pq.read_table(BytesIO(file.read(name))).schema
        assert [field["name"] for field in records["field"]] == stored.names == [one.name for one in columns]
        assert {field["source"]["fileObject"]["@id"] for field in records["field"]} == {name}


def test_one_a_day_the_latest_only_and_cheap_to_poll(
    board: dict[str, Endpoint],
    client: Client,
    django_assert_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = services.keep_dump()
    assert services.keep_dump() == first
    tag = client.get(ZIP)["ETag"]
    with django_assert_num_queries(1):
        assert client.get(ZIP, headers={"If-None-Match": tag}).status_code == 304
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: tomorrow)
    second = services.keep_dump()
    assert Dump.objects.get() == second != first
    assert client.get(ZIP, headers={"If-None-Match": tag}).status_code == 200


def test_the_same_facts_are_the_same_bytes() -> None:
    at = timezone.now()
    one, two = (dump.export([], [], [], made=at, site="https://a.example") for _ in range(2))
    assert one == two
