"""What the operator owes its readers: privacy, terms, contact, the licence of the data."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of whom, for how long, and how it ends."""
    return _page(request, "privacy")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """What who submits an endpoint agrees to."""
    return _page(request, "terms")


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Whom to write to, and about what."""
    return _page(request, "contact")


@require_safe
def data_licence(request: HttpRequest) -> HttpResponse:
    """What anybody may do with what is published."""
    return _page(request, "data_licence")


def _page(request: HttpRequest, name: str) -> HttpResponse:
    context = {"contact": settings.DEFAULT_FROM_EMAIL, "evidence_days": settings.EVIDENCE_DAYS}
    return render(request, f"legal/{name}.html", context)
