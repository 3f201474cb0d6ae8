"""Pages that are the same for everybody are made once, and shown until what they show changes.

A view says that its pages may be kept (`shared`, or `is_shared` of a class). They are kept in Redis with the
edition of the site that they belong to; everything that is published starts a new edition
(leaderboard.services.transparency), and what nothing publishes, an age or a run under way, is at most
KEPT_PAGE_SECONDS old. Of all who ask for a page that is due, one makes it: the others are shown the former
one, or wait for the first. Without Redis pages are made for each reader.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import get_conditional_response

from leaderboard.addresses import client_address
from leaderboard.api.throttles import UNCOUNTED, Policy, count
from leaderboard.middleware import part_of
from verifier.services.redis_connection import connection

log = structlog.get_logger(__name__)

EDITION, PAGE, CLAIM = "assay.edition", "assay.page.1.", "assay.making."
"""Keys in Redis. The number goes up with the form of what is packed: a former release may have left pages."""
CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"}
SHOWN = "assay.shown"
"""Where, in what the server gave of a request, the page stands that was shown for it."""
FORMER_SECONDS = 600
"""How long a page is kept to be shown while the next one is made."""
MAKING_SECONDS = 15
"""After so long whoever makes a page is given up."""
WAIT_SECONDS, LOOK_SECONDS = 5.0, 0.02
"""How long one waits for the first copy of a page, and how often it is looked for."""
AWAY_SECONDS = 5.0
"""After Redis failed, how long it isn't asked."""
PARAMETERS = {"model"}
"""What may be asked of a page that is kept: anything else would be for strangers to invent."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it was answered; `due`: in seconds of the epoch; `policy`: a content policy of its own."""

    edition: str
    due: float
    headers: Mapping[str, str]
    policy: Mapping[str, Any] | None
    content: bytes

    def is_good(self, edition: str) -> bool:
        """Whether it may be shown as it is."""
        return self.edition == edition and self.due > time.time()

    def is_former(self, edition: str) -> bool:
        """Whether it may be shown while the next one is made."""
        return self.edition == edition and self.due + FORMER_SECONDS > time.time()

    def response(self, request: HttpRequest) -> HttpResponseBase:
        """The page, or 304 for whoever has it."""
        whole = HttpResponse(self.content, headers=dict(self.headers))
        found = get_conditional_response(request, self.headers["ETag"], None, whole) or whole
        if self.policy is not None:
            found._csp_replace = self.policy  # type: ignore[attr-defined]  # as csp.decorators leave it
        return found

    def pack(self) -> bytes:
        """For Redis: a line of JSON, then the page."""
        about = {
            "edition": self.edition,
            "due": self.due,
            "headers": dict(self.headers),
            "policy": self.policy,
        }
        return json.dumps(about).encode() + b"\n" + self.content

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` wrote."""
        about, _, content = packed.partition(b"\n")
        return cls(**json.loads(about), content=content)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that everybody may be shown, what it counts towards, and the part of the site that it is of."""

    kept: Kept
    quota: Policy | None
    part: str


class Store:
    """The kept pages in Redis. Where it is away, nothing is kept and everybody makes pages of their own."""

    _away_until = 0.0

    def page(self, name: str) -> tuple[Kept | None, str]:
        """The page of this name, whatever its age, and the site's edition."""
        packed, edition = self._ask(lambda redis: redis.mget(PAGE + name, EDITION)) or (None, None)
        return (Kept.unpack(packed) if packed else None), (edition or b"").decode()

    def edition(self) -> str:
        """The site's edition; "" where none was begun, or none can be asked for."""
        return (self._ask(lambda redis: redis.get(EDITION)) or b"").decode()

    def keep(self, name: str, page: Kept) -> None:
        """Until the next one is made, or nobody asks any more."""
        self._ask(lambda redis: redis.set(PAGE + name, page.pack(), ex=FORMER_SECONDS))

    def claim(self, name: str) -> bool:
        """Whether it is this one who makes the page now."""
        claimed = self._ask(lambda redis: bool(redis.set(CLAIM + name, 1, nx=True, ex=MAKING_SECONDS)))
        return claimed is not False

    def is_claimed(self, name: str) -> bool:
        """Whether somebody is making the page."""
        return bool(self._ask(lambda redis: redis.exists(CLAIM + name)))

    def release(self, name: str) -> None:
        """The page is made, or nobody may make it again."""
        self._ask(lambda redis: redis.delete(CLAIM + name))

    def new_edition(self) -> None:
        """No page that was made before is shown any more."""
        self._ask(lambda redis: redis.set(EDITION, uuid4().hex))

    def _ask(self, question: Callable[[redis.Redis], Any]) -> Any:
        if time.monotonic() < self._away_until:
            return None
        try:
            return question(connection())
        except redis.RedisError as error:
            Store._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("pages are not kept", reason=str(error))
            return None


def shared(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What this view answers is the same for everybody."""
    view.is_shared = True  # type: ignore[attr-defined]
    return view


class KeptPages:
    """Middleware. Stands outside of sessions: whoever has one is made pages of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.KEPT_PAGE_SECONDS or not _is_for_everybody(request):
            return self.get_response(request)
        view = _shared_view(request)
        if view is None:
            return self.get_response(request)
        request.get_host()  # a host that is not ours is refused before anything is shown or kept
        store, name = Store(), _name(request)
        kept, edition = store.page(name)
        if kept is not None and kept.is_good(edition):
            return self._again(kept, request, view)
        if not (claimed := store.claim(name)):
            former = (
                kept if kept is not None and kept.edition == edition else self._wait(store, name, edition)
            )
            if former is not None:
                return self._again(former, request, view)
        try:
            kept, edition = store.page(name)
            if kept is not None and kept.is_good(edition):  # it was made since this one looked
                return self._again(kept, request, view)
            with _unconditional(request):  # a poller's 304 would be nothing to keep
                response = self.get_response(request)
            if not isinstance(response, HttpResponse) or (page := _page(response, edition)) is None:
                return response
            store.keep(name, page)
            _show(page, request, view)
            return get_conditional_response(request, page.headers["ETag"], None, response) or response
        finally:
            if claimed:
                store.release(name)

    def _again(self, kept: Kept, request: HttpRequest, view: Any) -> HttpResponseBase:
        """The kept page, which counts towards its quota as if it were made; a 304 does not."""
        quota = _show(kept, request, view).quota
        response = kept.response(request)
        if quota is None or response.status_code == 304 or UNCOUNTED in request.META:
            return response
        left = count(quota, f"address.{client_address(request.META, settings.PROXY_COUNT)}")
        if left is not None and left.remaining < 0:
            return self.get_response(request)  # which says so
        for name, value in (left.headers() if left is not None else {}).items():
            response[name] = value
        return response

    def _wait(self, store: Store, name: str, edition: str) -> Kept | None:
        """The copy that somebody else makes; None if it does not come."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
            kept, _ = store.page(name)
            if kept is not None and kept.edition == edition:
                return kept
            if not store.is_claimed(name):
                return None
        return None


def _is_for_everybody(request: HttpRequest) -> bool:
    """Whether whoever asks may be given what another was given."""
    return (
        request.method == "GET"
        and set(request.GET) <= PARAMETERS
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and not request.headers.keys() & {"Authorization", "Hx-Request"}
    )


def _shared_view(request: HttpRequest) -> Any:
    """The view, or its class, that answers this with what is the same for everybody; None for others."""
    try:
        request.resolver_match = resolve(request.path_info)  # a kept page finds no view that would set it
    except Resolver404:
        return None
    view: Any = request.resolver_match.func
    view = getattr(view, "cls", view)
    filtered = bool(request.GET) and hasattr(view, "quota")
    return view if getattr(view, "is_shared", False) and not filtered else None


@contextmanager
def _unconditional(request: HttpRequest) -> Iterator[None]:
    """Meanwhile the request asks for the whole page."""
    asked = {name: request.META.pop(name) for name in CONDITIONS & request.META.keys()}
    request.__dict__.pop("headers", None)  # which Django made of them
    try:
        yield
    finally:
        request.META.update(asked)
        request.__dict__.pop("headers", None)


def _show(kept: Kept, request: HttpRequest, view: Any) -> Shown:
    """Leave the page where leaderboard.at_hand finds it."""
    quota = getattr(view, "quota", None)
    policy = None if quota is None else Policy(*settings.API_QUOTAS[quota])
    shown = request.META[SHOWN] = Shown(kept, policy, part_of(request))
    return shown


def _name(request: HttpRequest) -> str:
    """Names this page in this encoding; the host is no part of it, pages name the site's own."""
    encoding = "gzip" if "gzip" in request.headers.get("Accept-Encoding", "") else "plain"
    return hashlib.sha256(f"{encoding} {request.get_full_path()}".encode()).hexdigest()


def _page(response: HttpResponse, edition: str) -> Kept | None:
    """What is kept of this answer, if anything; an answer without a validator is given one."""
    if response.status_code != 200 or response.cookies or "cookie" in response.get("Vary", "").lower():
        return None
    if not response.has_header("ETag"):
        response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:40]}"'
    response.setdefault("Cache-Control", "no-cache")
    headers = {name: value for name, value in response.items() if not name.startswith("RateLimit")}
    due = time.time() + settings.KEPT_PAGE_SECONDS
    return Kept(edition, due, headers, getattr(response, "_csp_replace", None), response.content)
