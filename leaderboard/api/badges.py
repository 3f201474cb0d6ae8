"""Badges and the card: what an endpoint's state is now and how old that is, for other sites to show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas_files
from leaderboard.api.base import ApiView
from leaderboard.exports import badge_json, badge_svg
from leaderboard.exports.badge import badge


class BadgeSvg(ApiView):
    """The badge as a picture."""

    is_shared = True

    @extend_schema(
        operation_id="endpoints_badge_svg",
        summary="The badge of an endpoint",
        responses={(200, badge_svg.MEDIA_TYPE): OpenApiTypes.STR},
    )
    def get(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """State and age as of now, for both themes and to be read aloud. It changes once a day at least."""
        made = badge_svg.export(badge(_document(endpoint_id), timezone.now()))
        return HttpResponse(made, content_type=badge_svg.MEDIA_TYPE)


class BadgeJson(ApiView):
    """The badge for shields.io."""

    is_shared = True

    @extend_schema(
        operation_id="endpoints_badge_json",
        summary="The badge of an endpoint, as shields.io reads it",
        responses=schemas_files.Shield,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """The same words as those of the picture."""
        return Response(badge_json.export(badge(_document(endpoint_id), timezone.now())))


class Card(ApiView):
    """The card."""

    is_shared = True

    @extend_schema(
        operation_id="endpoints_card",
        summary="An endpoint in a frame of another page",
        responses={(200, "text/html"): OpenApiTypes.STR},
    )
    def get(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Verdict, fidelity with its interval, and age, with a policy of its own: no script runs in it."""
        document = _document(endpoint_id)
        about = badge(document, timezone.now())
        return render(request._request, "api/card.html", {"endpoint": document, "badge": about})


def _document(endpoint_id: UUID) -> dict[str, Any]:
    found = selectors.served_endpoint(endpoint_id)
    if found is None:
        raise NotFound("No endpoint of this id is listed.")
    document: dict[str, Any] = found.document
    return document


_NOTHING = {name: [NONE] for name in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]}

# What is shown by itself or in a stranger's page may do nothing but show.
svg = csp_replace({**_NOTHING, "style-src": [badge_svg.STYLE_HASH], "sandbox": []})(BadgeSvg.as_view())
card = xframe_options_exempt(
    csp_replace({**_NOTHING, "style-src": [SELF], "frame-ancestors": ["*"]})(Card.as_view())
)
