"""What all tests share: settings of their own, no network but this machine's, the lab, the browser."""

from __future__ import annotations

import ipaddress
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import settings as hypothesis_settings

# Set before Django reads its settings: the server's files of this session. DATABASE_URL and REDIS_URL
# count as given.
_STATE = tempfile.mkdtemp(prefix="assay-tests-")
os.environ["ASSAY_STATE"] = _STATE
os.environ["DJANGO_SETTINGS_MODULE"] = "leaderboard.settings"
# Tests that run side by side (`make test`) have a numbered database of the given Redis each, counted down.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if given := os.environ.get("REDIS_URL"):
    number = int(urlsplit(given).path.strip("/") or 0) - WORKER
    os.environ["REDIS_URL"] = urlunsplit(urlsplit(given)._replace(path=f"/{number}"))

from django.conf import settings  # noqa: E402

_ = settings.INSTALLED_APPS  # pytest-django sets Django up when the settings have been read

hypothesis_settings.register_profile("assay", deadline=None, print_blob=True)
hypothesis_settings.load_profile("assay")

USES_THE_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server", "client", "admin_client"}


SHARED = ("functional", "verifier/cli")
"""Folders whose tests share what takes long to begin (a site, a baseline): one worker runs them all."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what has to hold on PostgreSQL and Redis too, so that CI can run just that again; and what of it
    runs in one process when there are several: a file, or a folder of `SHARED`.
    """
    here = Path(__file__).parent
    for item in items:
        shared = (name for name in SHARED if item.path.is_relative_to(here / name))
        item.add_marker(pytest.mark.xdist_group(next(shared, str(item.path.relative_to(here)))))
        used = USES_THE_DATABASE.intersection(getattr(item, "fixturenames", ()))
        whole_story = item.path.is_relative_to(here / "functional") or item.path.is_relative_to(
            here / "browser"
        )
        if used or whole_story or item.get_closest_marker("django_db"):
            item.add_marker("database")


def pytest_configure(config: pytest.Config) -> None:
    """The workers of `make test` inherit this environment, and pytest-django reads settings before it reads
    this file: those would be this process's, and all workers would share its files and its broker.
    """
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        for name in ("ASSAY_STATE", "DJANGO_SETTINGS_MODULE"):
            del os.environ[name]


def pytest_unconfigure() -> None:
    shutil.rmtree(_STATE, ignore_errors=True)


class OutsideConnection(RuntimeError):
    """A test tried to reach something that is not on this machine."""


_SERVICES = {urlsplit(os.environ.get(name, "")).hostname for name in ("DATABASE_URL", "REDIS_URL")}
_outside: list[str] = []


def _is_here(host: str) -> bool:
    if host in {"", "localhost"} or host in _SERVICES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook sees every connection and name look-up of this process, whichever library asks."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        if not isinstance(address, tuple):  # a Unix socket, or a socket that is connected already
            return
        host = str(address[0])
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0] or "")
    else:
        return
    if not _is_here(host):
        _outside.append(f"{event} {host}")
        raise OutsideConnection(f"{event} {host}: tests reach nothing outside this machine")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def outside_connections() -> Iterator[list[str]]:
    """What the guard stopped in this test: nothing, even if the code swallowed the exception."""
    _outside.clear()
    yield _outside
    assert not _outside, f"the test tried to reach the outside: {', '.join(_outside)}"


Lab = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """`lab("reference", "q8_0")` gives the base URL of each. They live as long as the session."""
    from verifier.lab.serve import serving

    urls: dict[str, str] = {}
    with ExitStack() as stack:

        def start(*names: str) -> dict[str, str]:
            if missing := [name for name in names if name not in urls]:
                urls.update(stack.enter_context(serving(missing)))
            return {name: urls[name] for name in names}

        yield start


@pytest.fixture(scope="session")
def redis_server() -> Iterator[None]:
    """The broker of the settings: REDIS_URL where given, else a real embedded Redis."""
    from leaderboard.demo.redis import embedded_redis

    if os.environ.get("REDIS_URL"):
        yield
    else:
        folder = settings.STATE_DIR
        with embedded_redis(folder / "redis.sock", folder / "redis.log"):
            yield


@pytest.fixture
def broker(redis_server: None) -> Iterator[None]:
    """A broker without calls; afterwards too."""
    from leaderboard.celery import app

    forget_connections()
    app.control.purge()
    yield
    app.control.purge()


def forget_connections() -> None:
    """Celery keeps connections to the broker that its settings named when it first called it: an earlier test
    may have named another one.
    """
    from kombu import pools

    from leaderboard.celery import app

    vars(app)["_pool"] = vars(app.amqp)["_producer_pool"] = None
    pools.reset()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's chromium. Fails, never skips, when it is not there."""
    return shutil.which("chromium") or pytest.fail(
        "no chromium: run sh tests/browser/install.sh", pytrace=False
    )
