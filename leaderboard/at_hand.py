"""What this process showed lately it shows again before Django begins: bytes from memory.

Only what leaderboard.kept_pages shows to everybody comes here, with every header that it left with. While a
page is good there, it is good here; the site's edition is asked for a few times a second. A page that is due
is made again behind its readers' backs, and so is one that was being read as something was published: they
see the news some moments later, and nobody waits. Who asks for a page that nobody was reading waits for the
new one. Whoever has the page already is told so, and that counts towards no quota.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.utils.http import parse_etags

from leaderboard import tracing
from leaderboard.addresses import client_address
from leaderboard.api.throttles import UNCOUNTED, count
from leaderboard.kept_pages import MAKING_SECONDS, SHOWN, Shown, Store
from leaderboard.selectors.usage import PAGE_SECONDS
from verifier.services import tallies

log = structlog.get_logger(__name__)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Start = Callable[..., Any]
Key = tuple[Any, ...]
Application = Callable[[Environ, Start], Iterable[bytes]]

EDITION_SECONDS = 0.2
"""How long a process believes that nothing was published."""
READING_SECONDS = 5.0
"""Who was shown a page so lately that others may be shown it once more, when it is of the former edition."""
MOST_BYTES = 64 * 2**20
"""Of pages together; when they are more, all are forgotten and come again as they are asked for."""
FOR_ONE_READER = ("HTTP_AUTHORIZATION", "HTTP_HX_REQUEST", "HTTP_ORIGIN", "HTTP_RANGE")
"""Whoever sends one of these may be answered something else."""
TOLD_APART_BY = ("PATH_INFO", "QUERY_STRING", "HTTP_HOST", "wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO")


@dataclass(frozen=True, slots=True)
class Answer:
    """A page with all its headers, and those that are left when its reader has it already."""

    shown: Shown
    headers: Headers
    unchanged: Headers


class AtHand:
    """WSGI: stands in front of the application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._answers: dict[Key, Answer] = {}
        self._bytes = 0
        self._read: dict[Key, float] = {}
        self._making: dict[Key, float] = {}
        self._maker = ThreadPoolExecutor(1, "at-hand")
        self._edition, self._asked = "", 0.0

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        key = _key(environ)
        if key is None:
            return self._application(environ, start_response)
        answer = self._answers.get(key)
        if answer is not None and self._may_be_shown(answer, key, environ):
            again = _again(answer, environ, start_response)
            if again is not None:
                return again
        return self._made(key, environ, start_response)

    def _may_be_shown(self, answer: Answer, key: Key, environ: Environ) -> bool:
        """Whether the page is good, or good enough until the next one is made, which this begins."""
        edition, now, kept = self._present_edition(), time.monotonic(), answer.shown.kept
        if kept.is_good(edition):
            self._read[key] = now
            return True
        if not kept.is_former(edition) and now - self._read.get(key, -READING_SECONDS) >= READING_SECONDS:
            return False
        if now - self._making.get(key, -MAKING_SECONDS) >= MAKING_SECONDS:
            self._making[key] = now
            self._maker.submit(self._make, key, {**environ, "wsgi.input": BytesIO(), UNCOUNTED: True})
        return True

    def _make(self, key: Key, environ: Environ) -> None:
        """Ask the application for the page, for nobody."""
        try:
            content = self._made(key, environ, lambda *_told: None)
            if hasattr(content, "close"):
                content.close()
        except Exception:
            log.exception("a page was not made again")
        finally:
            self._making.pop(key, None)

    def _made(self, key: Key, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """What the application answers; if that is for everybody, it is at hand from now on."""
        sent: dict[str, str] = {}
        was_shown = False

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            nonlocal was_shown
            was_shown = status[:3] in ("200", "304")  # a page may be found, and its reader be refused
            sent.update(headers)
            return start_response(status, headers, exc_info)

        content = self._application(environ, start)
        if was_shown and (shown := environ.get(SHOWN)) is not None:
            self._keep(key, shown, sent)
        return content

    def _keep(self, key: Key, shown: Shown, sent: dict[str, str]) -> None:
        own = ("ratelimit", tracing.HEADER.lower())
        # A 304 went out without what the page's own headers say of its content.
        headers = {**shown.kept.headers, **sent, "Content-Length": str(len(shown.kept.content))}
        whole = [(name, value) for name, value in headers.items() if not name.lower().startswith(own)]
        unchanged = [(name, value) for name, value in whole if not _of_content(name)]
        self._bytes += len(shown.kept.content)
        if self._bytes > MOST_BYTES:
            self._answers, self._read, self._bytes = {}, {}, len(shown.kept.content)
        if (former := self._answers.get(key)) is not None:
            self._bytes -= len(former.shown.kept.content)
        self._answers[key] = Answer(shown, whole, unchanged)

    def _present_edition(self) -> str:
        now = time.monotonic()
        if now - self._asked > EDITION_SECONDS:
            self._edition, self._asked = Store().edition(), now
        return self._edition


def _key(environ: Environ) -> Key | None:
    """What tells answers apart; None where another reader may be answered something else."""
    if (
        environ["REQUEST_METHOD"] != "GET"
        or any(name in environ for name in FOR_ONE_READER)
        or settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", "")
    ):
        return None
    compressed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    return (compressed, *(environ.get(name, "") for name in TOLD_APART_BY))


def _again(answer: Answer, environ: Environ, start_response: Start) -> list[bytes] | None:
    """The page, or 304 for whoever has it; None for whose quota is used up."""
    began, shown = time.perf_counter(), answer.shown
    tags = {tag.removeprefix("W/") for tag in parse_etags(environ.get("HTTP_IF_NONE_MATCH", ""))}
    has_it = bool(tags & {"*", shown.kept.headers["ETag"].removeprefix("W/")})
    headers = [*(answer.unchanged if has_it else answer.headers)]
    if shown.quota is not None and not has_it:
        left = count(shown.quota, f"address.{client_address(environ, settings.PROXY_COUNT)}")
        if left is not None:
            if left.remaining < 0:
                return None
            headers += left.headers().items()
    name = tracing.named(environ.get("HTTP_X_REQUEST_ID", ""))
    start_response("304 Not Modified" if has_it else "200 OK", [*headers, (tracing.HEADER, name)])
    PAGE_SECONDS.add(time.perf_counter() - began, part=shown.part, status="3xx" if has_it else "2xx")
    tallies.flush_soon()
    log.debug("shown from memory", request_id=name, part=shown.part)
    return [] if has_it else [shown.kept.content]


def _of_content(name: str) -> bool:
    name = name.lower()
    return name.startswith("content-") and name not in ("content-security-policy", "content-location")
