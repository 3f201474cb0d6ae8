"""The whole board as a file, in the format that its reader likes; filtered as the list of endpoints is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from leaderboard import selectors
from leaderboard.api import conditional, schemas_files
from leaderboard.api.base import ApiView, ListView
from leaderboard.api.filters import EndpointFilter
from leaderboard.documents import VERSION
from leaderboard.exports import croissant, csv, dump, json, parquet
from leaderboard.exports.table import COLUMNS
from leaderboard.models import Dump as Row
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


class Dump(ApiView):
    """Everything public."""

    quota = "exports"

    @extend_schema(
        operation_id="exports_dump",
        summary="Everything public, as one file a day",
        responses={(200, dump.MEDIA_TYPE): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """A zip file: endpoints as Parquet, CSV and JSON lines, every complete run as Parquet, every change
        as JSON lines, and `croissant.json`, which says what they are. Made anew each day (UTC).
        """
        latest = _latest()
        tag = conditional.etag(latest.digest)
        self.modified = latest.made
        name = f"assay-{latest.made:%Y-%m-%d}.zip"
        headers = {"ETag": tag, "Content-Disposition": f'attachment; filename="{name}"'}
        if conditional.unchanged(request._request, tag):
            return HttpResponse(headers=headers, content_type=dump.MEDIA_TYPE)
        return HttpResponse(bytes(latest.content), headers=headers, content_type=dump.MEDIA_TYPE)


class Croissant(ApiView):
    """What the dump is."""

    @extend_schema(
        operation_id="exports_croissant",
        summary="What the dump is, for machines",
        responses={(200, croissant.MEDIA_TYPE): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> HttpResponse:
        """schema.org's Dataset in the Croissant format: files with their hashes, tables and their columns."""
        latest = _latest()
        self.modified = latest.made
        return HttpResponse(result_text(latest.description), content_type=croissant.MEDIA_TYPE)


def _latest() -> Row:
    latest = selectors.latest_dump()
    if latest is None:
        raise NotFound("No dump was made yet: the first is made within the hour.")
    return latest
