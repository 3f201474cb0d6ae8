"""The log and certificates over the API, checked by the reader's own tools."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from leaderboard import services
from leaderboard.certification import Reason
from leaderboard.integrity.merkle import verify_consistency
from leaderboard.models import LogEntry
from tests.leaderboard import certifying
from tests.leaderboard.integrity import trees
from verifier.certificate import (
    KeySet,
    State,
    check,
    leaf_hash,
    read_checkpoint,
    read_keys,
    verify_inclusion,
)

pytestmark = pytest.mark.django_db

LOG = "/api/v1/log"


def fill(count: int) -> None:
    services.append_all([services.Fact("suite", f"s{number}", {"n": number}) for number in range(count)])


def get(client: Client, address: str, status: int = 200) -> Any:
    response = client.get(address)
    assert response.status_code == status, response.content
    return response.json()


def keys(client: Client) -> KeySet:
    return read_keys(client.get("/.well-known/assay-keys.json").content)


def checkpoint(client: Client) -> Any:
    response = client.get(f"{LOG}/checkpoint")
    assert response["Content-Type"].startswith("text/plain")
    return read_checkpoint(response.content.decode(), keys(client))


def decoded(proof: list[str]) -> list[bytes]:
    return [base64.b64decode(part) for part in proof]


def test_a_reader_checks_every_entry_by_itself(client: Client) -> None:
    fill(10)
    services.checkpoint()
    head = checkpoint(client)
    found = get(client, f"{LOG}/entries")
    assert [one["index"] for one in found["results"]] == list(range(head.size))
    leaves = [one["leaf"].encode() for one in found["results"]]
    assert trees.mth(leaves) == head.root
    for one in found["results"]:
        shown = get(client, f"{LOG}/proof/{one['index']}")
        assert shown["entry"] == one["leaf"]
        leaf = leaf_hash(one["leaf"].encode())
        assert leaf.hex() == one["leaf_hash"]
        assert verify_inclusion(leaf, shown["index"], head.size, decoded(shown["proof"]), head.root)


def test_a_reader_who_kept_a_checkpoint_sees_that_the_log_only_grew(client: Client) -> None:
    fill(5)
    services.checkpoint()
    kept = checkpoint(client)
    services.append("dispute", "one", {"outcome": "upheld"})
    services.checkpoint()
    later = checkpoint(client)
    shown = get(client, f"{LOG}/consistency/{kept.size}")
    assert (shown["first"], shown["second"]) == (kept.size, later.size) == (6, 7)
    assert verify_consistency(6, 7, decoded(shown["proof"]), kept.root, later.root)
    assert get(client, f"{LOG}/consistency/3?second=3")["proof"] == []
    assert "from 3 to 7" in get(client, f"{LOG}/consistency/3?second=8", 400)["detail"]
    assert "from 3 to 7" in get(client, f"{LOG}/consistency/3?second=2", 400)["detail"]
    assert "has only 7 entries" in get(client, f"{LOG}/consistency/8", 404)["detail"]
    get(client, f"{LOG}/consistency/3?second=x", 400)


def test_entries_come_in_stretches_that_go_on_where_the_last_one_ended(client: Client) -> None:
    fill(25)
    address, seen = f"{LOG}/entries?limit=10", []
    while address:
        found = get(client, address)
        seen += [one["index"] for one in found["results"]]
        address = found["next"]
    assert seen == list(range(25))
    assert found["size"] == 25
    assert get(client, f"{LOG}/entries?start=25")["results"] == []
    only = get(client, f"{LOG}/entries?kind=suite&subject=s7")
    assert [one["index"] for one in only["results"]] == [7]
    assert get(client, f"{LOG}/entries?kind=verdict")["results"] == []


@pytest.mark.parametrize("query", ["start=-1", "start=x", "limit=0", "limit=1000", "a=3", f"start={10**30}"])
def test_what_cannot_be_asked_is_refused(client: Client, query: str) -> None:
    assert get(client, f"{LOG}/entries?{query}", 400)["code"] == "invalid"


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert "no entry" in get(client, f"{LOG}/proof/0", 404)["detail"]
    get(client, f"{LOG}/proof/{10**30}", 404)


def test_an_unchanged_checkpoint_costs_one_query_and_no_bytes(
    client: Client, django_assert_num_queries: Any
) -> None:
    services.checkpoint()
    first = client.get(f"{LOG}/checkpoint")
    with django_assert_num_queries(1):
        again = client.get(f"{LOG}/checkpoint", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_certificate_by_its_id_holds_with_its_status(client: Client) -> None:
    made = certifying.certified(certifying.known())
    document = client.get(f"/api/v1/certificates/{made.pk}").content
    status = client.get(f"/api/v1/certificates/{made.pk}/status").content
    known = client.get("/.well-known/assay-keys.json").content
    answer = check(document, known, now=datetime.now(UTC), status=status)
    assert answer.state is State.VALID, answer
    services.end_certificate(made.pk, Reason.OPERATOR, "The provider asked for it.")
    status = client.get(f"/api/v1/certificates/{made.pk}/status").content
    answer = check(document, known, now=datetime.now(UTC), status=status)
    assert answer.state is State.REVOKED
    assert "The provider asked for it" in answer.reason


def test_no_certificate_is_a_problem_document(client: Client) -> None:
    for path in ("", "/status"):
        found = get(client, f"/api/v1/certificates/019a9f3c-7c00-7000-8000-000000000001{path}", 404)
        assert found["code"] == "not_found"


def test_the_keys_are_a_jwk_set_that_may_be_kept_for_a_while(client: Client) -> None:
    response = client.get("/.well-known/assay-keys.json")
    assert response["Content-Type"] == "application/jwk-set+json"
    assert "max-age" in response["Cache-Control"]
    assert response["Access-Control-Allow-Origin"] == "*"
    assert [key["kid"] for key in json.loads(response.content)["keys"]] == [services.signer().keyid]
    assert LogEntry.objects.filter(kind="key").count() == 1
