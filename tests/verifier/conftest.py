"""Fixtures of the server's tests: toy models that may be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pytest_django import Settings

from tests.verifier.toy_server import Toy, toy

Toys = Callable[..., Toy]


@pytest.fixture
def toys(settings: Settings) -> Iterator[Toys]:
    """`toys(noise=…)` serves a toy model that the server's egress rules let through."""
    with ExitStack() as stack:

        def start(noise: float = 0.0, key: str | None = None) -> Toy:
            server = stack.enter_context(toy(noise, key))
            settings.EGRESS_ALLOW = {*settings.EGRESS_ALLOW, f"127.0.0.1:{server.port}"}
            return server

        yield start
