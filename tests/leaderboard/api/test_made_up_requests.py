"""Requests that nobody thought of, made from the served description: the API does what it says.

`make test-api` makes 50 an operation, without and with a token; by default there are a few.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from leaderboard.wsgi import application
from tests.leaderboard.api import contract, world

EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))
ONLY_THE_SERVER_KNOWS = ("cursor", "second", "fields")
"""Cursors are signed, the log's size is its own; a part of a document is not the whole that is described."""

OPERATIONS = sorted(
    (path, method)
    for path, operations in contract.committed()["paths"].items()
    for method in operations
    if method in contract.METHODS
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The requests share the test's connection and transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def asked(db: None) -> Iterator[dict[str, str]]:
    """A world to ask about, and a token to ask with."""
    with world.fixed():
        values = world.build()
    with world.names():
        yield values


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_api_does_what_it_says(
    asked: dict[str, str], path: str, method: str, mode: GenerationMode
) -> None:
    """As described or not at all as described, made up or of this world, without and with a token."""
    operation = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)[path][method]
    parts = (operation.query, operation.path_parameters, operation.headers, operation.body)
    if mode is GenerationMode.NEGATIVE and not any(True for kind in parts for _ in kind):
        return  # there is nothing to get wrong

    # It can't take away the token that is sent here; tests/leaderboard/test_access.py asks without one.
    excluded = [ignored_auth]
    if "consistency" in path or method != "get":
        # No schema says that one number is the smaller one, nor which models are measured here.
        excluded.append(positive_data_acceptance)

    @settings(
        derandomize=True,
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            for name in ONLY_THE_SERVER_KNOWS:
                (case.query or {}).pop(name, None)
        # A made-up cursor may be the only thing wrong with a request that is as described.
        unsigned = [positive_data_acceptance] if "cursor" in (case.query or {}) else []
        case.call_and_validate(excluded_checks=[*excluded, *unsigned])
        if mode is GenerationMode.POSITIVE:
            private = {"run_id": asked["private_run_id"]} if "submissions" in path else {}
            for name in set(case.path_parameters or ()) & set(asked):
                case.path_parameters[name] = {**asked, **private}[name]
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {asked['token']}"}
        case.call_and_validate(excluded_checks=[*excluded, *unsigned])

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "where every text is a name, no text is wrong"
