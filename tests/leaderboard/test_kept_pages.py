"""Public pages are made once, are never out of date once something is published, and are nobody's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from leaderboard import kept_pages, services, tracing
from leaderboard.kept_pages import KeptPages, Store
from leaderboard.middleware import part_of
from tests.leaderboard import factories
from verifier.models import Endpoint
from verifier.services.redis_connection import connection

PATHS = ("/", "/models/", "/providers/", "/providers/test-lab/", "/methodology/", "/guide/", "/about/")


@pytest.fixture
def kept(redis_server: None, settings: Settings) -> Iterator[None]:
    """Pages are kept, and none is yet."""
    settings.KEPT_PAGE_SECONDS = 60
    Store._away_until = 0.0
    forget()
    yield
    forget()


def forget() -> None:
    client = connection()
    for key in client.scan_iter("assay.*"):
        client.delete(key)


@pytest.fixture
def board(db: None) -> dict[str, Endpoint]:
    return factories.board()


def page(client: Client, path: str, **headers: str) -> Any:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response


class Maker:
    """A view that counts how often it was asked, and may take its time."""

    def __init__(self, seconds: float = 0.0, view: Callable[..., HttpResponse] | None = None) -> None:
        self.made = 0
        self._seconds = seconds
        self._view = view or (lambda request: HttpResponse(f"page {self.made}"))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.made += 1
        time.sleep(self._seconds)
        return self._view(request)


def ask(pages: KeptPages, path: str = "/", **more: Any) -> HttpResponse:
    response = pages(RequestFactory().get(path, **more))
    assert isinstance(response, HttpResponse)
    return response


def test_a_page_is_made_once(
    kept: None, board: dict[str, Endpoint], client: Client, django_assert_num_queries: Any
) -> None:
    paths = [*PATHS, *(f"/endpoints/{board['Lab Q4_0'].pk}/{more}" for more in ("", "card.png"))]
    first = [page(client, path) for path in paths]
    with django_assert_num_queries(0):
        again = [page(client, path) for path in paths]
    assert [one.content for one in again] == [one.content for one in first]
    assert [headers(one) for one in again] == [headers(one) for one in first]


def headers(response: Any) -> dict[str, str]:
    """All but the request's own name and what is left of its quota."""
    own = (tracing.HEADER, "RateLimit")
    return {name: value for name, value in response.items() if name not in own}


def test_answers_of_the_api_are_kept_with_their_headers_and_count_towards_the_quota(
    kept: None, board: dict[str, Endpoint], client: Client, settings: Settings, django_assert_num_queries: Any
) -> None:
    settings.API_QUOTAS = {"reads": (f"kept-{uuid4().hex}", 4, 60)}
    badge, card = (f"/api/v1/endpoints/{board['Lab f16'].pk}/{what}" for what in ("badge.svg", "card"))
    first = [page(client, path) for path in (badge, card)]
    with django_assert_num_queries(0):
        again = [page(client, path) for path in (badge, card)]
    assert [one.content for one in again] == [one.content for one in first]
    assert [headers(one) for one in again] == [headers(one) for one in first]
    assert [part_of(response.wsgi_request) for response in again] == ["api", "api"]
    left = [int(response["RateLimit"].split("r=")[1].split(";")[0]) for response in (*first, *again)]
    assert left == [3, 2, 1, 0]
    assert client.get(badge).status_code == 429


def test_whoever_has_it_is_told_so(kept: None, board: Any, client: Client) -> None:
    tag = page(client, "/")["ETag"]
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/", headers={"If-None-Match": '"another"'}).status_code == 200


def test_what_is_published_is_shown_at_once(
    kept: None,
    board: dict[str, Endpoint],
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    one = board["Lab f16"]
    assert b"Renamed" not in page(client, "/").content
    Endpoint.objects.filter(pk=one.pk).update(label="Renamed")
    assert b"Renamed" not in page(client, "/").content
    with django_capture_on_commit_callbacks(execute=True):
        services.publish(one.model_id)
    assert b"Renamed" in page(client, "/").content


def test_each_encoding_is_kept_for_itself(kept: None, board: Any, client: Client) -> None:
    for _ in range(2):
        assert page(client, "/", accept_encoding="gzip")["Content-Encoding"] == "gzip"
        assert not page(client, "/").has_header("Content-Encoding")


def test_nobody_is_shown_what_was_made_for_another(
    kept: None, board: Any, client: Client, admin_user: User, django_assert_num_queries: Any
) -> None:
    known = Client()
    known.force_login(admin_user)
    before = page(client, "/").content
    page(known, "/")
    with django_assert_num_queries(0):
        assert page(client, "/").content == before
    with pytest.raises(pytest.fail.Exception), django_assert_num_queries(0):
        page(known, "/")


@pytest.mark.parametrize(
    "view",
    [
        lambda request: HttpResponse("missing", status=404),
        lambda request: HttpResponse("for one reader", headers={"Vary": "Cookie"}),
        lambda request: with_a_cookie(),
    ],
)
def test_what_may_not_be_kept_is_made_anew(kept: None, view: Callable[..., HttpResponse]) -> None:
    maker = Maker(view=view)
    pages = KeptPages(maker)
    ask(pages)
    ask(pages)
    assert maker.made == 2
    assert not [*connection().scan_iter("assay.*")]


def with_a_cookie() -> HttpResponse:
    response = HttpResponse("with a cookie")
    response.set_cookie("csrftoken", "x")
    return response


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/?q=made+up", {}),
        ("/", {"headers": {"HX-Request": "true"}}),
        ("/", {"headers": {"Authorization": "Bearer x"}}),
        ("/", {"headers": {"Cookie": "sessionid=x"}}),
        ("/status/", {}),
        ("/nowhere/", {}),
        ("/account/login/", {}),
        ("/api/v1/submissions", {}),
        ("/api/v1/endpoints?model=org/name", {}),
    ],
)
def test_whom_pages_are_not_kept_for(kept: None, path: str, more: dict[str, Any]) -> None:
    maker = Maker()
    pages = KeptPages(maker)
    ask(pages, path, **more)
    ask(pages, path, **more)
    assert maker.made == 2


def test_of_many_who_ask_for_a_cold_page_one_makes_it(kept: None) -> None:
    maker = Maker(seconds=0.3)
    pages = KeptPages(maker)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: ask(pages).content, range(20)))
    assert maker.made == 1
    assert set(answers) == {b"page 1"}


def test_while_a_page_is_made_again_the_others_see_the_former_one(kept: None, settings: Settings) -> None:
    maker = Maker()
    pages = KeptPages(maker)
    settings.KEPT_PAGE_SECONDS = -1  # due as soon as it is made
    assert ask(pages).content == b"page 1"
    keys = connection().scan_iter(f"{kept_pages.PAGE}*")
    (name,) = [key.decode().removeprefix(kept_pages.PAGE) for key in keys]
    assert Store().claim(name)
    assert ask(pages).content == b"page 1"
    assert maker.made == 1
    Store().release(name)
    assert ask(pages).content == b"page 2"


def test_whoever_was_to_make_it_may_be_gone(kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages, "WAIT_SECONDS", 0.1)
    maker = Maker()
    pages = KeptPages(maker)
    monkeypatch.setattr(Store, "claim", lambda self, name: False)
    monkeypatch.setattr(Store, "is_claimed", lambda self, name: True)
    assert ask(pages).content == b"page 1"


def test_a_view_that_fails_leaves_no_claim(kept: None) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(KeptPages(broken))
    assert not [*connection().scan_iter("assay.making.*")]


def test_without_redis_pages_are_made_for_each(kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis(port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr(kept_pages, "connection", lambda: away)
    maker = Maker()
    pages = KeptPages(maker)
    assert [ask(pages).content for _ in range(3)] == [b"page 1", b"page 2", b"page 3"]
    Store().new_edition()


def test_whoever_gave_up_waiting_leaves_the_claim_to_its_maker(
    kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_pages, "WAIT_SECONDS", 0.05)
    pages = KeptPages(Maker())
    ask(pages)
    (key,) = [key.decode() for key in connection().scan_iter(f"{kept_pages.PAGE}*")]
    name = key.removeprefix(kept_pages.PAGE)
    connection().delete(key)
    assert Store().claim(name)
    ask(pages)
    assert Store().is_claimed(name)
