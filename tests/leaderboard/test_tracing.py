from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from structlog.contextvars import bind_contextvars, get_contextvars

from leaderboard import tracing
from verifier.services.doorbell import EXECUTE_RUN


@pytest.fixture(autouse=True)
def nothing_bound() -> Any:
    tracing.end()
    yield
    tracing.end()


@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "0af7651916cd43dd", True),
        (0, "0af7651916cd43dd", False),
        (1, "short", False),
        (1, "a name with spaces", False),
        (1, "x" * 81, False),
        (1, "line\\nbreak-0123", False),
    ],
)
def test_a_request_has_a_name_of_ours_or_of_our_proxy(
    proxies: int, given: str, taken: bool, client: Client, settings: Any
) -> None:
    settings.PROXY_COUNT = proxies
    named = client.get("/healthz", headers={tracing.HEADER: given})[tracing.HEADER]
    assert (named == given) is taken
    assert len(named) >= 8
    assert client.get("/healthz")[tracing.HEADER] != named


def test_a_call_is_named_with_what_it_is_about_and_who_asked_for_it() -> None:
    bind_contextvars(request_id="asked", left="over")
    headers: dict[str, Any] = {}
    tracing.tell(headers)
    tracing.begin_call(EXECUTE_RUN, "call", ["run-id"], headers)
    bound = {"task": EXECUTE_RUN, "task_id": "call", "run": "run-id", "request_id": "asked"}
    assert get_contextvars() == bound
    tracing.begin_call("verifier.sweep", "other", [], {})
    assert get_contextvars() == {"task": "verifier.sweep", "task_id": "other"}


def test_what_nobody_asked_for_goes_out_without_a_name() -> None:
    headers: dict[str, Any] = {}
    tracing.tell(headers)
    tracing.tell(None)
    assert headers == {}


def test_after_the_answer_nothing_is_of_the_request_any_more(client: Client) -> None:
    assert client.get("/healthz")[tracing.HEADER]
    assert get_contextvars() == {}
