"""What every request passes through."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import has_vary_header

from leaderboard import languages, tracing
from leaderboard.addresses import sender
from leaderboard.selectors.usage import PAGE_SECONDS
from leaderboard.services import audit
from verifier.services import tallies

log = structlog.get_logger(__name__)

OF_MACHINES = ("pages:healthz", "pages:readyz", "pages:metrics")
"""Views that whoever runs the service asks every few seconds."""


class Watched:
    """Names every request, writes a line of it, and counts how long it took. Stands outside of everything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, name = time.perf_counter(), tracing.begin_request(request)
        response = self.get_response(request)
        _tell(request, response, time.perf_counter() - began)
        response[tracing.HEADER] = name
        return response


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match, part = request.resolver_match, part_of(request)
    of_machines = match is not None and match.view_name in OF_MACHINES
    line = {"method": request.method, "status": response.status_code, "ms": round(seconds * 1000, 1)}
    # The pattern and not the address, which may hold a token.
    line |= {"part": part, "route": "" if match is None else match.route}
    log.log(logging.DEBUG if of_machines or part == "static" else logging.INFO, "request", **line)
    if not of_machines:
        PAGE_SECONDS.add(seconds, part=part, status=f"{response.status_code // 100}xx")
        tallies.flush_soon()


def part_of(request: HttpRequest) -> str:
    """The part of the site that answers: few words, so that they can be counted by."""
    if request.resolver_match is None:
        return "static" if request.path.startswith(settings.STATIC_URL) else "none"
    route = request.resolver_match.route.removeprefix(languages.PREFIXES[languages.CHINESE])
    if route.startswith(settings.ADMIN_PATH):
        return "operator"
    first = route.split("/")[0]
    return {"api": "api", "account": "account", "submit": "account"}.get(first, "pages")


class Isolated:
    """No other site's document or script is let in, and ours is used by none but itself, save where a view
    says so (`Cross-Origin-Resource-Policy: cross-origin`: the API, badges, pictures for links).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class OperatorsPlace:
    """The operator's pages exist only for who comes from ADMIN_NETWORKS; signing in comes after that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Nor is anybody told of the slash that is missing at the end of its address.
        if f"{request.path_info}/".startswith(f"/{settings.ADMIN_PATH}"):
            address = sender(request.META, settings.PROXY_COUNT)
            if address is None or not any(address in network for network in settings.ADMIN_NETWORKS):
                raise Http404("There is no page at this address.")
        return self.get_response(request)


class ActorMiddleware:
    """Tells the audit log who acts. The session is read only when something is recorded."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.acting(lambda: getattr(request, "user", None)):
            return self.get_response(request)


class PrivatePages:
    """No page that was made for one reader is kept by anybody else. Stands outside of the sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if has_vary_header(response, "Cookie") and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response
