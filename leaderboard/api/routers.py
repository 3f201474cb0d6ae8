"""Configurations of routers: only endpoints that pass the filter, with their state and age."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas_files
from leaderboard.api.base import ListView
from leaderboard.api.filters import OneModelFilter, RouterFilter
from leaderboard.exports import litellm, openrouter, vercel


class Router(ListView):
    """One configuration. Where nothing passes, it is not there: an empty list would let everybody in."""

    queryset = selectors.served_endpoints()
    filterset_class = RouterFilter
    pagination_class = None

    def chosen(self) -> list[Any]:
        """The documents that pass the filters. Raises NotFound where none does."""
        found = [row.document for row in self.filter_queryset(self.get_queryset())]
        if not found:
            said = "No endpoint passes these filters. Keep what you have, or ask for less."
            raise NotFound(said, "nothing_passes")
        return found

    def others(self, chosen: list[Any]) -> list[Any]:
        """The other endpoints of the model that was asked for."""
        org, _, name = str(chosen[0]["model"]).partition("/")
        ids = {one["id"] for one in chosen}
        of_model = self.get_queryset().filter(model__org=org, model__name=name)
        return [row.document for row in of_model if row.document["id"] not in ids]


class OpenRouter(Router):
    """For OpenRouter."""

    filterset_class = OneModelFilter

    @extend_schema(
        operation_id="routers_openrouter",
        summary="The `provider` object of an OpenRouter request",
        responses=schemas_files.OpenRouter,
    )
    def get(self, request: Request) -> Response:
        """Put `provider` into the request. Where nothing passes, 404: an empty list restricts nothing."""
        chosen = self.chosen()
        return Response(openrouter.export(chosen, self.others(chosen), timezone.now()))


class LiteLlm(Router):
    """For LiteLLM."""

    @extend_schema(
        operation_id="routers_litellm",
        summary="LiteLLM's `model_list`",
        responses={(200, litellm.MEDIA_TYPE): schemas_files.LiteLlm},
    )
    def get(self, request: Request) -> HttpResponse:
        """A file for LiteLLM's proxy; keys are read from the environment, one name a provider."""
        made = litellm.export(self.chosen(), timezone.now())
        return HttpResponse(made, content_type=f"{litellm.MEDIA_TYPE}; charset=utf-8")


class Vercel(Router):
    """For Vercel's AI Gateway."""

    filterset_class = OneModelFilter

    @extend_schema(
        operation_id="routers_vercel",
        summary="`providerOptions.gateway` of Vercel's AI Gateway",
        responses=schemas_files.Vercel,
    )
    def get(self, request: Request) -> Response:
        """Providers whose endpoints of this model pass, in order; none with an accused endpoint."""
        chosen = self.chosen()
        made = vercel.export(chosen, self.others(chosen), timezone.now())
        if not made["assay"]["endpoints"]:
            raise NotFound("No provider is without an accused endpoint of this model.", "nothing_passes")
        return Response(made)
