"""What machines ask that run the service: is the process alive, does everything work, how much of what."""

from __future__ import annotations

from dataclasses import asdict
from secrets import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leaderboard import selectors
from leaderboard.exports import prometheus


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nothing else, so that a slow database has no process killed."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether database, broker and schedule work; 503 where one does not, with what it says."""
    found = selectors.health()
    return JsonResponse({"ready": found.ready, **asdict(found)}, status=200 if found.ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, with METRICS_TOKEN as the bearer; there is no such page where none is set."""
    token = settings.METRICS_TOKEN
    if not token:
        raise Http404("Metrics are off: METRICS_TOKEN is not set.")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not compare_digest(given.encode(), token.encode()):
        return HttpResponse(
            "Send METRICS_TOKEN as the bearer token.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(prometheus.export(selectors.figures()), content_type=prometheus.MEDIA_TYPE)
