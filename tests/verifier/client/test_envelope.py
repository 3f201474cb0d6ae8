from __future__ import annotations

from typing import Any

import pytest

from verifier.checks.base import Fault
from verifier.client.envelope import error_failure, error_message, is_transient, status_fault


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a"}, "a"),
        ({"message": "a"}, "a"),
        ({"detail": [{"msg": "a", "loc": ["body"]}]}, "a"),
        ({"detail": "a"}, "a"),
        ([{"error": {"message": "a"}}], "a"),
        ({"error": {}}, None),
        ({"error": 5}, None),
        ({}, None),
        (None, None),
        (5, None),
    ],
)
def test_the_message_of_an_error_in_the_spellings_servers_use(document: Any, message: str | None) -> None:
    assert error_message(document) == message


@pytest.mark.parametrize(
    ("error", "fault", "transient"),
    [
        ({"code": 429}, Fault.RATE_LIMITED, True),
        ({"code": 502}, Fault.SERVER_ERROR, True),
        ({"code": 401}, Fault.UNAUTHORISED, False),
        ({"code": 400}, Fault.REJECTED, False),
        ({"code": "invalid_api_key"}, Fault.SERVER_ERROR, False),
        ({"code": 7}, Fault.SERVER_ERROR, False),
        ({"code": True}, Fault.SERVER_ERROR, False),
        ({"message": "a"}, Fault.SERVER_ERROR, False),
        ("a", Fault.SERVER_ERROR, False),
        (5, Fault.SERVER_ERROR, False),
    ],
)
def test_an_error_object_with_status_200(error: Any, fault: Fault, transient: bool) -> None:
    failure = error_failure(error)

    assert failure.fault is fault
    assert failure.transient is transient


@pytest.mark.parametrize("status", range(201, 700))
def test_every_status_has_a_fault(status: int) -> None:
    fault = status_fault(status)

    assert isinstance(fault, Fault)
    assert is_transient(status) == (fault in (Fault.RATE_LIMITED, Fault.SERVER_ERROR))
