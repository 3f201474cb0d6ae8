from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, RequestFactory

from leaderboard.api import problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/api/v1/models/", 404, "not_found"),
        ("get", "/api/", 404, "not_found"),
        ("get", "/api/v1/endpoints/not-an-id", 404, "not_found"),
        ("get", "/api/v1/models/org/unknown", 404, "not_found"),
        ("get", "/api/v1/models/a%00b/c", 404, "not_found"),
        ("get", "/api/v1/models?nonsense=1", 400, "invalid"),
        ("post", "/api/v1/models", 405, "method_not_allowed"),
        ("delete", "/api/v1/endpoints", 405, "method_not_allowed"),
        ("options", "/api/v1/endpoints", 405, "method_not_allowed"),
        ("put", "/api/v1/openapi.json", 405, "method_not_allowed"),
    ],
)
def test_every_error_is_a_problem_document(
    client: Client, method: str, address: str, status: int, code: str
) -> None:
    response = getattr(client, method)(address)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert (found["status"], found["code"]) == (status, code)
    assert found["detail"]
    assert found["title"]
    if status == 405:
        assert "GET" in response["Allow"]


def test_what_never_reaches_a_view_has_the_same_shape() -> None:
    request = RequestFactory().get("/api/v1/models")
    for response, status in (
        (problem.bad_request(request, Exception("secret")), 400),
        (problem.server_error(request), 500),
    ):
        assert response.status_code == status
        assert response["Content-Type"] == "application/problem+json"
        text = response.content.decode()  # type: ignore[attr-defined]
        assert json.loads(text)["status"] == status
        assert "secret" not in text


def test_pages_keep_their_own_errors(client: Client) -> None:
    assert "There is no such page" in client.get("/nothing/").content.decode()
    request = RequestFactory().get("/")
    assert b"This is our failure" in problem.server_error(request).content  # type: ignore[attr-defined]
    assert problem.bad_request(request, Exception()).status_code == 400


def test_a_failure_of_ours_tells_nothing_of_itself(client: Client, settings: Any, monkeypatch: Any) -> None:
    from leaderboard import selectors

    def broken(*_: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(selectors, "served_model", broken)
    client.raise_request_exception = False
    response = client.get("/api/v1/models/a/b")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "hunter2" not in response.content.decode()
