"""What every request passes through."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import has_vary_header

from leaderboard.selectors.usage import PAGE_SECONDS
from leaderboard.services import audit
from verifier.services import tallies

OF_MACHINES = ("pages:healthz", "pages:readyz", "pages:metrics")
"""Views that whoever runs the service asks every few seconds."""


class Watched:
    """Counts requests and how long they took. Stands outside of everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        match = request.resolver_match
        if match is None or match.view_name not in OF_MACHINES:
            status = f"{response.status_code // 100}xx"
            PAGE_SECONDS.add(seconds, part=part_of(request), status=status)
            tallies.flush()
        return response


def part_of(request: HttpRequest) -> str:
    """The part of the site that answers: few words, so that they can be counted by."""
    if request.resolver_match is None:
        return "static" if request.path.startswith(settings.STATIC_URL) else "none"
    route = request.resolver_match.route
    if route.startswith(settings.ADMIN_PATH):
        return "operator"
    first = route.split("/")[0]
    return {"api": "api", "account": "account", "submit": "account"}.get(first, "pages")


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
