"""The way from a declaration to the board with a token, and that nobody walks another's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from leaderboard.models import Delivery, Dispute, KeptAnswer, OwnershipProof, Scope, Submission, Webhook
from leaderboard.services.idempotency import forget_answers
from leaderboard.services.tokens import revoke_token
from tests.leaderboard import factories, people
from tests.leaderboard.api import private_world, world
from verifier.models import Credential, Endpoint, Run, RunState
from verifier.models.base import new_id

pytestmark = pytest.mark.django_db

KEY = "sk-CANARY0123456789abcdef"
API = "/api/v1"


class Caller:
    """A script with a token."""

    def __init__(self, bearer: str) -> None:
        self.client, self.bearer = Client(), bearer

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {}
        if method != "get":
            data = b"" if body is None else json.dumps(body)
            sent = {"data": data, "content_type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.bearer:
            named["Authorization"] = f"Bearer {self.bearer}"
        return getattr(self.client, method)(f"{API}/{path}", headers=named, **sent)


@pytest.fixture(autouse=True)
def resolving() -> Iterator[None]:
    with world.names():
        yield


def caller(
    name: str = "Example Inference",
    email: str = "ada@example.org",
    scopes: Sequence[str] = Scope.values,
) -> Caller:
    owner = people.user(email)
    return Caller(people.token(people.organisation(name, owner), owner, scopes)[1])


def body(**values: Any) -> dict[str, Any]:
    fields = {"model": factories.model().slug, "base_url": "https://8.8.8.8/v1", "upstream_model": "toy"}
    return {**fields, **values}


def proven() -> None:
    from django.utils import timezone

    now = timezone.now()
    OwnershipProof.objects.update(state="proven", method="dns", proven=now, checked=now)
    factories.baseline(factories.model())


def test_the_whole_way_with_a_token(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ada = caller()
    made = ada("post", "submissions", body(api_key=KEY, price_in=0.5, declared_quantization="BF16"))
    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["state"], found["has_key"], found["declared_quantization"]) == ("private", True, "bf16")
    assert (found["price_in"], found["price_out"]) == (0.5, None)
    assert found["proof"]["file_url"].startswith("https://8.8.8.8/.well-known/assay/")
    at = f"submissions/{found['id']}"
    assert ada("post", f"{at}/runs").status_code == 409, "not before the origin is proven"
    assert ada("get", f"{at}/runs").status_code == 404
    assert ada("post", f"{at}/proof").status_code == 202
    proven()
    run = ada("post", f"{at}/runs")
    assert run.status_code == 201, run.content
    assert ada("post", f"{at}/runs").status_code == 409, "one at a time"
    row = Run.objects.get()
    assert (row.private, row.blind) == (True, False)
    row.delete()
    done = factories.run(Endpoint.objects.get(), factories.result(measured="int4", nearest="int4-g64"))
    factories.finding(done, [factories.divergent()])
    Run.objects.filter(pk=done.pk).update(private=True)
    (listed,) = ada("get", f"{at}/runs").json()["results"]
    assert (listed["id"], listed["verdict"]) == (str(done.pk), "deviating")
    whole = ada("get", f"{at}/runs/{done.pk}").json()
    assert whole["result"]["verdict"] == "deviating"
    assert whole["findings"][0]["outcome"] == "fail"
    assert client.get(f"{API}/runs/{done.pk}").status_code == 404, "nobody else sees it"
    assert ada("patch", at, {"region": "eu"}).json()["region"] == "eu"
    with django_capture_on_commit_callbacks(execute=True):
        published = ada("post", f"{at}/publish")
    assert (published.status_code, published.json()["state"]) == (200, "published")
    assert client.get(f"{API}/endpoints/{found['endpoint']}").status_code == 200
    assert ada("post", f"{at}/publish").status_code == 409
    assert ada("post", f"{at}/delist").json()["state"] == "delisted"
    assert ada("post", f"{at}/withdraw").json()["state"] == "withdrawn"
    assert ada("get", "submissions").json()["results"] == []
    assert not Credential.objects.exists()


def test_a_key_is_told_by_nothing() -> None:
    ada = caller()
    made = ada("post", "submissions", body(api_key=KEY), Idempotency_Key="one")
    at = f"submissions/{made.json()['id']}"
    ciphertext = Credential.objects.get().ciphertext
    for answer in (
        made,
        ada("get", at),
        ada("get", "submissions"),
        ada("patch", at, {"api_key": "two words"}),
    ):
        assert KEY not in answer.content.decode()
        assert "two words" not in answer.content.decode()
        assert ciphertext not in answer.content.decode()
    kept = KeptAnswer.objects.get()
    assert KEY not in f"{kept.body}{kept.digest}"
    assert ada("patch", at, {"api_key": ""}).json()["has_key"] is False


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"model": "no/such"}, "model"),
        ({"base_url": "https://127.0.0.1/v1"}, "base_url"),
        ({"base_url": 5}, "base_url"),
        ({"price_in": -1}, "price_in"),
        ({"price_in": "0.5"}, "price_in"),
        ({"variant": "a b"}, "variant"),
        ({"api_key": "two words"}, "api_key"),
        ({"listed": True}, "listed"),
        ({"upstream_model": "a\0b"}, "upstream_model"),
    ],
)
def test_nothing_is_half_saved(wrong: dict[str, Any], field: str) -> None:
    refused = caller()("post", "submissions", body(**wrong))
    assert refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert [one["field"] for one in refused.json()["errors"]] == [field]
    for table in (Submission, Endpoint, Credential, OwnershipProof):
        assert not table._default_manager.exists(), table


def test_what_is_no_json_and_what_is_too_much() -> None:
    ada = caller()
    bearer = {"Authorization": f"Bearer {ada.bearer}"}
    for data, kind, status in (
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("a=1", "application/x-www-form-urlencoded", 415),
        (" " * 1_000_001, "application/json", 413),
    ):
        answer = Client().post(f"{API}/submissions", data, content_type=kind, headers=bearer)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), data[:9]


def test_the_same_request_twice_acts_once() -> None:
    ada, eve = caller(), caller("Eve Inference", "eve@example.org")
    first = ada("post", "submissions", body(), Idempotency_Key="a-key")
    again = ada("post", "submissions", body(), Idempotency_Key="a-key")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Submission.objects.count() == 1
    other = ada("post", "submissions", body(variant="turbo"), Idempotency_Key="a-key")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert ada("post", "submissions", body(), Idempotency_Key="x" * 201).status_code == 400
    theirs = eve("post", "submissions", body(), Idempotency_Key="a-key")
    assert theirs.json()["id"] != first.json()["id"], "a key belongs to its organisation"
    refused = ada("post", "submissions", body(variant="a b"), Idempotency_Key="new")
    assert refused.status_code == 400
    mended = ada("post", "submissions", body(variant="ab"), Idempotency_Key="new")
    assert mended.status_code == 201, "what was refused may be tried again"
    KeptAnswer.objects.update(at=world.NOW)
    assert forget_answers() == 3


def feed(*entries: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"base_url": "https://8.8.8.8/v1", "data": list(entries), **values}


def test_a_feed_of_openrouters_format() -> None:
    ada, slug = caller(), factories.model().slug
    entries = (
        {"id": "toy", "hugging_face_id": slug, "quantization": "FP8", "pricing": {"prompt": "0.000001"}},
        {"id": "toy:turbo", "hugging_face_id": slug.lower(), "datacenters": [{"country_code": "DE"}]},
        {"id": "later", "hugging_face_id": slug, "is_ready": False},
        {"id": "other", "hugging_face_id": "no/such"},
    )
    answer = ada("post", "submissions/bulk", feed(*entries, api_key=KEY))
    assert answer.status_code == 201, answer.content
    found = answer.json()
    made = {one["upstream_model"]: one for one in found["results"]}
    assert (made["toy"]["declared_quantization"], made["toy"]["price_in"]) == ("fp8", 1.0)
    assert (made["toy:turbo"]["variant"], made["toy:turbo"]["region"]) == ("toyturbo", "DE")
    assert [one["id"] for one in found["skipped"]] == ["later", "other"]
    assert KEY not in answer.content.decode()
    again = ada("post", "submissions/bulk", feed(*entries)).json()
    assert again["results"] == []
    assert len(again["skipped"]) == 4


def test_one_wrong_entry_refuses_the_feed() -> None:
    good = {"id": "toy", "hugging_face_id": factories.model().slug}
    for wrong, field in (
        ({**good, "id": 5}, "data.1.id"),
        ({**good, "quantization": "x" * 21}, "data.1.quantization"),
        ({**good, "pricing": {"prompt": "free"}}, "data.1.pricing.prompt"),
        ({**good, "id": "a\0b"}, "data.1.id"),
    ):
        refused = caller()("post", "submissions/bulk", feed(good, wrong))
        assert [one["field"] for one in refused.json()["errors"]] == [field]
    assert not Submission.objects.exists()


PRIVATE = (
    ("get", "submissions/{submission_id}"),
    ("patch", "submissions/{submission_id}"),
    ("post", "submissions/{submission_id}/proof"),
    ("get", "submissions/{submission_id}/runs"),
    ("post", "submissions/{submission_id}/runs"),
    ("get", "submissions/{submission_id}/runs/{private_run_id}"),
    ("post", "submissions/{submission_id}/publish"),
    ("post", "submissions/{submission_id}/delist"),
    ("post", "submissions/{submission_id}/withdraw"),
    ("post", "disputes/{dispute_id}/withdraw"),
    ("get", "webhooks/{webhook_id}"),
    ("delete", "webhooks/{webhook_id}"),
    ("get", "webhooks/{webhook_id}/deliveries"),
    ("post", "webhooks/{webhook_id}/deliveries/{delivery_id}/replay"),
)
"""What is one organisation's alone."""


def test_another_organisation_finds_nothing_and_changes_nothing() -> None:
    """Two accounts, every private route, with real ids and guessed ones."""
    with world.fixed():
        values = world.build()
    eve = caller("Eve Inference", "eve@example.org")
    tables = (Endpoint, Submission, OwnershipProof, Run, Credential, Webhook, Delivery, Dispute)
    before = [list(table._default_manager.order_by("pk").values()) for table in tables]
    mine = Caller(values["token"])
    for method, path in PRIVATE:
        address = world.address(path, values)
        content = {"region": "moon"} if method == "patch" else None
        assert eve(method, address, content).status_code == 404, address
        assert Caller("")(method, address, content).status_code == 401, address
        guessed = path
        for name in values:
            guessed = guessed.replace("{" + name + "}", str(new_id()))
        assert mine(method, guessed, content).status_code == 404, guessed
    objection = {"run": values["run_id"], "statement": "It is mine."}
    assert eve("post", "disputes", objection).status_code == 403
    assert eve("get", "submissions").json()["results"] == []
    assert eve("get", "webhooks").json()["results"] == []
    listed = Endpoint.objects.get(pk=values["listed"])
    stolen = {"model": listed.model.slug, "base_url": listed.base_url, "upstream_model": "e-7b"}
    assert eve("post", "submissions", stolen).status_code == 400, "listed already"
    assert before == [list(table._default_manager.order_by("pk").values()) for table in tables]


def test_a_claim_tells_nothing_of_the_operators_key_and_runs() -> None:
    with world.fixed():
        values = world.build()
    eve = caller("Eve Inference", "eve@example.org")
    claimed = eve("post", "submissions/claims", {"endpoint": values["listed"]})
    assert claimed.status_code == 201
    found = claimed.json()
    assert (found["has_key"], found["private_runs"], found["proven"]) == (None, None, False)
    at = f"submissions/{found['id']}"
    assert eve("get", f"{at}/runs").status_code == 404
    for act in ("runs", "publish", "delist"):
        assert eve("post", f"{at}/{act}").status_code == 409, act
    assert eve("patch", at, {"region": "moon"}).status_code == 409
    assert Endpoint.objects.get(pk=values["listed"]).region == ""
    draft = Endpoint.objects.exclude(listed=True).first()
    assert draft is not None
    assert eve("post", "submissions/claims", {"endpoint": str(draft.pk)}).status_code == 404


def test_a_token_does_what_its_scopes_say() -> None:
    with world.fixed():
        values = world.build()
    of: dict[str, tuple[str, str, Any, str]] = {
        "submissions": ("post", "submissions", {}, "submit"),
        "read": ("get", "submissions", None, "read"),
        "publish": ("post", f"submissions/{values['submission_id']}/publish", None, "publish"),
        "dispute": ("post", "disputes", {}, "dispute"),
        "webhooks": ("get", "webhooks", None, "webhooks"),
    }
    for method, path, content, scope in of.values():
        others = [one for one in Scope.values if one != scope]
        weak = Caller(_token(others))(method, path, content)
        assert (weak.status_code, weak.json()["code"]) == (403, "permission_denied"), path
        assert f"`{scope}`" in weak.json()["detail"]
        assert Caller(_token([scope]))(method, path, content).status_code != 403, path


def _token(scopes: Sequence[str]) -> str:
    owner = people.user("owner@cloud.example")
    return people.token(people.organisation("Example cloud Inc.", owner), owner, scopes)[1]


@pytest.mark.parametrize("said", ["Bearer nonsense", "Bearer", "Basic YTpi", "Token x", "Bearer a b"])
def test_a_wrong_token_is_refused_whatever_is_asked(client: Client, said: str) -> None:
    for path in ("models", "submissions", "disputes"):
        answer = client.get(f"{API}/{path}", headers={"Authorization": said})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Cache-Control"] == "private, no-store"


def test_a_revoked_token_and_a_session_open_nothing() -> None:
    organisation = people.organisation()
    row, text = people.token(organisation)
    assert Caller(text)("get", "submissions").status_code == 200
    revoke_token(row, people.user())
    assert Caller(text)("get", "submissions").status_code == 401
    assert people.browser(people.user()).get(f"{API}/submissions").status_code == 401


def test_webhooks_and_their_log() -> None:
    with world.fixed():
        values = world.build()
    mine = Caller(values["token"])
    added = mine("post", "webhooks", {"url": "https://ops.cloud.example/x", "provider": "example-cloud"})
    assert added.status_code == 201, added.content
    secret = added.json()["secret"]
    assert secret.startswith("whsec_")
    listed = mine("get", "webhooks").content.decode()
    assert secret not in listed
    assert Webhook.objects.get(pk=added.json()["id"]).ciphertext not in listed
    for wrong in (
        {"url": "https://127.0.0.1/x"},
        {"url": "https://ops.cloud.example/x", "model": "no/such"},
        {"url": "https://ops.cloud.example/x", "model": world.MODEL, "provider": "example-cloud"},
    ):
        assert mine("post", "webhooks", wrong).status_code == 400, wrong
    at = f"webhooks/{values['webhook_id']}"
    (sent,) = mine("get", f"{at}/deliveries").json()["results"]
    assert (sent["kind"], sent["state"]) == ("dispute.opened", "waiting")
    Delivery.objects.update(state="dead", attempts=10)
    again = mine("post", f"{at}/deliveries/{sent['id']}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert mine("delete", at).status_code == 204
    assert mine("get", at).status_code == 404


def test_an_objection_is_public_and_can_be_withdrawn(client: Client) -> None:
    with world.fixed():
        values = world.build()
    mine = Caller(values["token"])
    again = {"run": values["run_id"], "statement": "Once more."}
    assert mine("post", "disputes", again).status_code == 409, "open already"
    assert mine("post", "disputes", {**again, "run": str(new_id())}).status_code == 404
    at = f"disputes/{values['dispute_id']}"
    assert client.get(f"{API}/{at}").json()["outcome"] is None
    assert mine("post", f"{at}/withdraw").json()["outcome"] == "withdrawn"
    assert mine("post", f"{at}/withdraw").status_code == 409
    assert client.get(f"{API}/disputes").json()["results"][0]["outcome"] == "withdrawn"
    assert mine("post", "disputes", again).status_code == 201
    assert private_world.KEY not in client.get(f"{API}/disputes").content.decode()


def test_a_run_under_way_is_cancelled_with_its_submission() -> None:
    ada = caller()
    at = f"submissions/{ada('post', 'submissions', body()).json()['id']}"
    proven()
    ada("post", f"{at}/runs")
    assert ada("post", f"{at}/withdraw").status_code == 200
    assert Run.objects.get().state == RunState.CANCELLED
