"""Providers: who serves what, and how it fares."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas
from leaderboard.api.base import ApiView, ListView
from leaderboard.documents import API
from verifier.models import Provider as Row


class Providers(ListView):
    """Every provider with a listed endpoint."""

    queryset = selectors.served_providers()

    @extend_schema(
        operation_id="providers_list",
        summary="Every provider with a listed endpoint",
        responses=schemas.Provider(many=True),
    )
    def get(self, request: Request) -> Response:
        """A provider, how many endpoints of it are listed, and how they fare."""
        return self.page(document)


class Provider(ApiView):
    """One provider."""

    @extend_schema(operation_id="providers_read", summary="One provider", responses=schemas.Provider)
    def get(self, request: Request, slug: str) -> Response:
        """How many endpoints of it are listed, and how they fare."""
        found = selectors.served_providers().filter(slug=slug).first()
        if found is None:
            raise NotFound("No provider of this name has a listed endpoint.")
        return Response(document(found))


def document(provider: Row) -> dict[str, Any]:
    """A provider from `selectors.served_providers`."""
    return {
        "slug": provider.slug,
        "name": provider.name,
        "url": provider.url,
        "lab": provider.is_lab,
        "endpoints": getattr(provider, "offers"),  # noqa: B009  (an annotation)
        "verdicts": selectors.counted(provider),
        "links": {
            "self": f"{API}/providers/{provider.slug}",
            "page": f"/providers/{provider.slug}/",
            "endpoints": f"{API}/endpoints?provider={provider.slug}",
        },
    }
