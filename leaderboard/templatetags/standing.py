"""Where an endpoint stands beside its measurements: certificate, objections, alerts."""

from __future__ import annotations

from django import template
from django.utils import timezone

from leaderboard.models import Certificate, Dispute
from leaderboard.selectors.disputes import disputes_of
from verifier.models import Endpoint

register = template.Library()


@register.inclusion_tag("parts/standing.html")
def standing(endpoint: Endpoint) -> dict[str, object]:
    """Its latest certificate and the objections to what was found. Two queries."""
    certificate: Certificate | None = (
        Certificate.objects.filter(endpoint=endpoint.pk).order_by("-created", "-pk").first()
    )
    objections: list[Dispute] = disputes_of(endpoint.pk)
    return {
        "endpoint": endpoint,
        "certificate": certificate,
        "objections": objections,
        "now": timezone.now(),
    }
