"""Fixtures of the server's tests: a broker, and toy models that may be reached."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from leaderboard.celery import app
from leaderboard.demo.redis import embedded_redis
from tests.verifier.toy_server import Toy, toy

Toys = Callable[..., Toy]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[None]:
    """The broker of the settings: REDIS_URL where given, else a real embedded Redis."""
    if os.environ.get("REDIS_URL"):
        yield
    else:
        folder = configured.STATE_DIR
        with embedded_redis(folder / "redis.sock", folder / "redis.log"):
            yield


@pytest.fixture
def broker(redis_server: None) -> Iterator[None]:
    """A broker without calls; afterwards too."""
    app.control.purge()
    yield
    app.control.purge()


@pytest.fixture
def toys(settings: Settings) -> Iterator[Toys]:
    """`toys(noise=…)` serves a toy model that the server's egress rules let through."""
    with ExitStack() as stack:

        def start(noise: float = 0.0, key: str | None = None) -> Toy:
            server = stack.enter_context(toy(noise, key))
            settings.EGRESS_ALLOW = {*settings.EGRESS_ALLOW, f"127.0.0.1:{server.port}"}
            return server

        yield start
