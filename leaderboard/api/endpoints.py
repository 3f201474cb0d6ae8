"""Endpoints: the rows of the boards."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas
from leaderboard.api.base import ApiView, ListView, chosen, sparse
from leaderboard.api.filters import EndpointFilter


def fields_of(names: Iterable[str]) -> OpenApiParameter:
    """The parameter that asks for a part of a document with these top-level fields."""
    listed = {"type": "array", "items": {"type": "string", "enum": sorted(names)}}
    said = "Only these top-level fields, separated by commas; all without it."
    return OpenApiParameter("fields", listed, style="form", explode=False, description=said)


KNOWN = tuple(schemas.Endpoint._declared_fields)
FIELDS = fields_of(KNOWN)


class Endpoints(ListView):
    """Every listed endpoint that passes the filters."""

    is_shared = True
    queryset = selectors.served_endpoints()
    filterset_class = EndpointFilter
    parameters = ("fields",)

    @extend_schema(
        operation_id="endpoints_list",
        summary="Endpoints, filtered",
        parameters=[FIELDS],
        responses=schemas.Endpoint(many=True),
    )
    def get(self, request: Request) -> Response:
        """What is published of every endpoint that passes the filters, by the order of registration."""
        fields = chosen(request, "fields", KNOWN)
        return self.page(lambda row: sparse(row.document, fields))


class Endpoint(ApiView):
    """One endpoint."""

    is_shared = True
    parameters = ("fields",)

    @extend_schema(
        operation_id="endpoints_read",
        summary="One endpoint",
        parameters=[FIELDS],
        responses=schemas.Endpoint,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """What is published of it: verdict, fidelity with its interval, declaration, cause, versions."""
        found = selectors.served_endpoint(endpoint_id)
        if found is None:
            raise NotFound("No endpoint of this id is listed.")
        self.modified = found.changed
        return Response(sparse(found.document, chosen(request, "fields", KNOWN)))
