"""The whole board as a file, in the format that its reader likes; filtered as the list of endpoints is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from leaderboard import selectors
from leaderboard.api import conditional, schemas_files
from leaderboard.api.base import ListView
from leaderboard.api.filters import EndpointFilter
from leaderboard.documents import VERSION
from leaderboard.exports import csv, json, parquet
from leaderboard.exports.table import COLUMNS
from verifier.evidence.canonical import result_text

_NAMES = ", ".join(f"`{column.name}`" for column in COLUMNS)


class Export(ListView):
    """One file of every endpoint that passes the filters. What it is made of tells whether it has changed."""

    queryset = selectors.served_endpoints()
    filterset_class = EndpointFilter
    pagination_class = None
    quota = "exports"

    def file(self, request: Request, name: str, media: str, export: Callable[[Any], bytes]) -> HttpResponse:
        """The file, or the word that the client has it: one query of digests, a second one for the rows."""
        rows = self.filter_queryset(self.get_queryset())
        tag = conditional.etag(name, str(VERSION), _NAMES, *rows.values_list("digest", flat=True))
        headers = {"ETag": tag, "Content-Disposition": f'attachment; filename="assay-{name}"'}
        if conditional.unchanged(request._request, tag):
            return HttpResponse(headers=headers, content_type=media)
        return HttpResponse(export([row.document for row in rows]), headers=headers, content_type=media)


class Csv(Export):
    """CSV."""

    @extend_schema(
        operation_id="exports_csv",
        summary="Endpoints as CSV",
        responses={(200, csv.MEDIA_TYPE): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """One line an endpoint. A text that would start a formula has an apostrophe before it."""
        return self.file(request, "leaderboard.csv", f"{csv.MEDIA_TYPE}; charset=utf-8", csv.export)


class Json(Export):
    """JSON."""

    @extend_schema(operation_id="exports_json", summary="Endpoints as JSON", responses=schemas_files.Exported)
    def get(self, request: Request) -> HttpResponse:
        """Every document as the list of endpoints has it, in one file."""
        return self.file(
            request,
            "leaderboard.json",
            json.MEDIA_TYPE,
            lambda found: result_text(json.export(found)).encode(),
        )


class Parquet(Export):
    """Parquet."""

    @extend_schema(
        operation_id="exports_parquet",
        summary="Endpoints as Parquet",
        responses={(200, parquet.MEDIA_TYPE): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Typed columns, each with its meaning."""
        return self.file(request, "leaderboard.parquet", parquet.MEDIA_TYPE, parquet.export)
