"""The API's description: the OpenAPI document and a page to browse it, from files of this site alone."""

from __future__ import annotations

from typing import Any

import yaml
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard.api.base import ApiView

_documents: dict[str, Any] = {}


def document() -> dict[str, Any]:
    """The OpenAPI document, made once a process."""
    if not _documents:
        made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
        _documents.update(made)
    return _documents


def as_yaml() -> str:
    """The OpenAPI document as YAML, always the same."""
    return str(yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110))


class OpenApiJson(ApiView):
    """The description of this API."""

    schema = None

    def get(self, request: Request) -> Response:
        """OpenAPI 3.1 as JSON."""
        return Response(document(), content_type="application/vnd.oai.openapi+json")


class OpenApiYaml(ApiView):
    """The description of this API."""

    schema = None

    def get(self, request: Request) -> HttpResponse:
        """OpenAPI 3.1 as YAML."""
        return HttpResponse(as_yaml(), content_type="application/vnd.oai.openapi; charset=utf-8")


class Docs(ApiView):
    """The description to browse."""

    schema = None

    def get(self, request: Request) -> HttpResponse:
        """A page of the site."""
        address = settings.SITE_URL + reverse("api:openapi-json")
        return render(request._request, "api/docs.html", {"nav": "api", "address": address})


# The arrows of the browser are pictures inside its stylesheet.
docs = csp_update({"img-src": ["data:"]})(Docs.as_view())
