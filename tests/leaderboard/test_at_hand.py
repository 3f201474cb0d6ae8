"""What was shown is shown again from memory, with all its headers, and never to another than everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from leaderboard import at_hand, services, tracing, wsgi
from leaderboard.at_hand import AtHand
from leaderboard.kept_pages import Store
from tests.leaderboard import factories
from verifier.models import Endpoint
from verifier.services.redis_connection import connection

pytestmark = pytest.mark.usefixtures("redis_server")


class Server:
    """Asks as a web server does, and counts how often Django was asked."""

    def __init__(self) -> None:
        self.made = 0
        self.meanwhile: Callable[[], object] = lambda: None
        django = get_wsgi_application()

        def counted(environ: dict[str, Any], start_response: Any) -> Any:
            self.made += 1
            meanwhile, self.meanwhile = self.meanwhile, lambda: None
            meanwhile()
            return django(environ, start_response)

        self.front = AtHand(counted)

    def get(self, path: str, method: str = "GET", **more: str) -> tuple[int, dict[str, str], bytes]:
        path, _, query = path.partition("?")
        environ = {
            **{"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": ""},
            **{"SERVER_NAME": "testserver", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1"},
            **{"REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": BytesIO()},
            **{"HTTP_HOST": "testserver", **more},
        }
        said: list[Any] = []
        answer = self.front(environ, lambda *told: said.append(told))
        content = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        ((status, headers, *_),) = said
        assert len({name for name, _ in headers}) == len(headers)
        return int(status.split()[0]), dict(headers), content


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # As Django's own client for tests: the database's connection is the test's, and no request ends it.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    settings.KEPT_PAGE_SECONDS = 60
    monkeypatch.setattr(Store, "_away_until", 0.0)
    monkeypatch.setattr(at_hand, "EDITION_SECONDS", -1)
    _forget()
    Store().new_edition()
    yield Server()
    _forget()
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def _forget() -> None:
    for key in connection().scan_iter("assay.*"):
        connection().delete(key)


@pytest.fixture
def board(db: None) -> dict[str, Endpoint]:
    return factories.board()


def same(headers: dict[str, str]) -> dict[str, str]:
    """Without the request's own name and what is left of its quota."""
    return {name: value for name, value in headers.items() if name not in (tracing.HEADER, "RateLimit")}


@pytest.mark.parametrize("more", [{}, {"HTTP_ACCEPT_ENCODING": "gzip"}], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    "path", ["/", "/zh-hans/models/", "/api/v1/endpoints", "/api/v1/endpoints/{id}/badge.svg"]
)
def test_a_page_is_the_same_from_memory(
    server: Server, board: dict[str, Endpoint], path: str, more: dict[str, str]
) -> None:
    path = path.replace("{id}", str(board["Lab f16"].pk))
    first = server.get(path, **more)
    again = server.get(path, **more)
    assert server.made == 1
    assert (again[0], same(again[1]), again[2]) == (200, same(first[1]), first[2])
    assert again[1][tracing.HEADER] != first[1][tracing.HEADER]
    assert ("RateLimit" in again[1]) == path.startswith("/api/")


def test_whoever_has_it_is_told_so_as_django_would(server: Server, board: dict[str, Endpoint]) -> None:
    tag = server.get("/")[1]["ETag"]
    from_memory = server.get("/", HTTP_IF_NONE_MATCH=f'"another", W/{tag.removeprefix("W/")}')
    assert server.made == 1
    other = Server()
    from_django = other.get("/", HTTP_IF_NONE_MATCH=tag)
    assert other.made == 1
    assert from_memory[0] == from_django[0] == 304
    assert from_memory[2] == from_django[2] == b""
    assert same(from_django[1]).items() <= same(from_memory[1]).items()
    assert "Content-Security-Policy" in from_memory[1]
    whole = other.get("/")
    assert other.made == 1, "who was told so left the page at hand"
    assert (whole[0], same(whole[1]), whole[2]) == (200, same(server.get("/")[1]), server.get("/")[2])
    assert server.get("/", HTTP_IF_NONE_MATCH='"another"')[0] == 200


def test_a_quota_counts_pages_and_not_that_they_are_the_same(
    server: Server, board: dict[str, Endpoint], settings: Settings
) -> None:
    settings.API_QUOTAS = {"reads": (f"at-hand-{uuid4().hex}", 3, 60)}
    badge = f"/api/v1/endpoints/{board['Lab f16'].pk}/badge.svg"
    tag = server.get(badge)[1]["ETag"]
    for _ in range(5):
        assert server.get(badge, HTTP_IF_NONE_MATCH=tag)[0] == 304
    assert [server.get(badge)[0] for _ in range(3)] == [200, 200, 429]
    status, headers, _ = server.get(badge, REMOTE_ADDR="127.0.0.2")
    assert status == 200
    assert "Retry-After" not in headers, "nothing of the refusal of another reader"
    assert headers["Content-Type"] == "image/svg+xml"


def test_what_is_published_is_shown_at_once_where_nobody_was_reading(
    server: Server,
    board: dict[str, Endpoint],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(at_hand, "READING_SECONDS", 0)
    one = board["Lab f16"]
    server.get("/")
    Endpoint.objects.filter(pk=one.pk).update(label="Renamed")
    assert b"Renamed" not in server.get("/")[2]
    with django_capture_on_commit_callbacks(execute=True):
        services.publish(one.model_id)
    assert b"Renamed" in server.get("/")[2]


@pytest.fixture
def in_this_thread(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be made in the background is made at once, on the connection that sees the test's rows."""
    made: list[str] = []

    def submit(make: Callable[..., None], key: Any, environ: dict[str, Any]) -> None:
        made.append(environ["PATH_INFO"])
        make(key, environ)

    monkeypatch.setattr(server.front._maker, "submit", submit)
    return made


def test_what_is_due_is_made_again_behind_its_readers_backs(
    server: Server, board: dict[str, Endpoint], settings: Settings, in_this_thread: list[str]
) -> None:
    settings.KEPT_PAGE_SECONDS = -1
    first = server.get("/")
    meanwhile: list[int] = []
    server.meanwhile = lambda: meanwhile.append(server.get("/")[0])
    assert server.get("/")[2] == first[2]
    assert in_this_thread == ["/"], "once, however many ask"
    assert meanwhile == [200]
    assert server.made == 2


def test_readers_of_a_page_see_the_former_edition_until_the_next_is_made(
    server: Server,
    board: dict[str, Endpoint],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    in_this_thread: list[str],
) -> None:
    for _ in range(2):
        server.get("/")
    Endpoint.objects.filter(pk=board["Lab f16"].pk).update(label="Renamed")
    with django_capture_on_commit_callbacks(execute=True):
        services.publish(board["Lab f16"].model_id)
    assert b"Renamed" not in server.get("/")[2]
    assert in_this_thread == ["/"]
    assert b"Renamed" in server.get("/")[2]


def test_what_is_made_for_nobody_counts_towards_no_quota(
    server: Server, board: dict[str, Endpoint], settings: Settings, in_this_thread: list[str]
) -> None:
    settings.API_QUOTAS = {"reads": (f"at-hand-{uuid4().hex}", 4, 60)}
    settings.KEPT_PAGE_SECONDS = -1
    badge = f"/api/v1/endpoints/{board['Lab f16'].pk}/badge.svg"
    assert [server.get(badge)[0] for _ in range(5)] == [200, 200, 200, 200, 429]
    assert len(in_this_thread) == 4


def test_a_page_that_fails_in_the_background_is_tried_again(
    server: Server, board: dict[str, Endpoint], settings: Settings, in_this_thread: list[str]
) -> None:
    settings.KEPT_PAGE_SECONDS = -1
    server.get("/")

    def broken() -> None:
        raise ZeroDivisionError

    server.meanwhile = broken
    assert [server.get("/")[0] for _ in range(2)] == [200, 200]
    assert len(in_this_thread) == 2


def test_a_page_that_is_due_for_long_is_shown_to_nobody(
    server: Server, board: dict[str, Endpoint], settings: Settings
) -> None:
    settings.KEPT_PAGE_SECONDS = -1000
    server.get("/")
    server.meanwhile = lambda: server.get("/")
    server.get("/")
    assert server.made == 3


def test_pollers_alone_let_a_page_be_made_again(server: Server, board: dict[str, Endpoint]) -> None:
    badge = f"/api/v1/endpoints/{board['Lab f16'].pk}/badge.svg"
    tag = server.get(badge)[1]["ETag"]
    Store().new_edition()
    asked = [server.get(badge, HTTP_IF_NONE_MATCH=tag) for _ in range(3)]
    assert [status for status, _, _ in asked] == [304, 304, 304]
    assert server.made == 2


@pytest.mark.parametrize(
    "more",
    [
        {"HTTP_COOKIE": "sessionid=x"},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"HTTP_HX_REQUEST": "true"},
        {"HTTP_ORIGIN": "https://elsewhere.example"},
        {"HTTP_HOST": "localhost"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"method": "HEAD"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_who_may_be_answered_something_else_is(
    server: Server, board: dict[str, Endpoint], more: dict[str, str], settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    server.get("/")
    server.get("/", **more)
    assert server.made == 2


def test_a_host_that_is_not_ours_is_shown_nothing(
    server: Server, board: dict[str, Endpoint], settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    server.get("/")
    assert server.get("/", HTTP_HOST="evil.example")[0] == 400


def test_what_is_at_hand_has_an_end(
    server: Server, board: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "MOST_BYTES", len(server.get("/")[2]) + 1)
    server.get("/models/")
    assert server.get("/models/")[0] == 200
    assert server.made == 2
    server.get("/")
    assert server.made == 3, "the first was forgotten"


def test_the_environment_of_the_process_reaches_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hidden")
    monkeypatch.setenv("PATH_INFO", "/same")
    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return []

    cleaned = wsgi.without_secrets(application)
    cleaned({"SECRET_KEY": "hidden", "PATH_INFO": "/same", "HTTP_HOST": "x"}, application)
    assert seen == [{"PATH_INFO": "/same", "HTTP_HOST": "x"}]
