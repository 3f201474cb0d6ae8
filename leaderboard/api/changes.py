"""What changed: of one endpoint its history, of all of them a feed that a poller reads to its last entry."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas
from leaderboard.api.base import ListView
from leaderboard.api.filters import ChangeFilter


class Changes(ListView):
    """Every change of what is published."""

    queryset = selectors.served_changes()
    filterset_class = ChangeFilter

    @extend_schema(
        operation_id="changes_list",
        summary="What changed, the newest first",
        responses=schemas.Change(many=True),
    )
    def get(self, request: Request) -> Response:
        """New verdicts and measurements, endpoints listed, edited and taken off, each as it was published."""
        return self.page(selectors.change_document)


class History(ListView):
    """The history of one endpoint."""

    queryset = selectors.served_changes()

    @extend_schema(
        operation_id="endpoints_history",
        summary="What was published of an endpoint, the newest first",
        responses=schemas.Change(many=True),
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """Nothing in it is ever rewritten: a new verdict is a new entry."""
        if selectors.served_endpoint(endpoint_id) is None:
            raise NotFound("No endpoint of this id is listed.")
        return self.page(selectors.change_document, self.get_queryset().filter(endpoint=endpoint_id))
