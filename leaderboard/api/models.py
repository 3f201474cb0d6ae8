"""Models: what is measured, and how their endpoints fare."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import documents, selectors
from leaderboard.api import conditional, schemas
from leaderboard.api.base import ApiView, ListView


class Models(ListView):
    """Every model with a published board."""

    is_shared = True
    queryset = selectors.served_models()

    @extend_schema(
        operation_id="models_list",
        summary="Every model whose endpoints are measured",
        responses=schemas.Model(many=True),
    )
    def get(self, request: Request) -> Response:
        """A model, how many endpoints it has, and how they fare."""
        return self.page(lambda snapshot: snapshot.summary)


class Model(ApiView):
    """One model."""

    is_shared = True

    @extend_schema(operation_id="models_read", summary="One model", responses=schemas.Model)
    def get(self, request: Request, org: str, name: str) -> Response:
        """Its scale, its ladder, and how its endpoints fare."""
        found = selectors.served_model(org, name)
        if found is None:
            raise NotFound("No board of this model is published.")
        self.modified = found.published
        return Response(found.summary)


class Leaderboard(ApiView):
    """The board of one model."""

    is_shared = True

    @extend_schema(
        operation_id="models_leaderboard", summary="The board of a model", responses=schemas.Leaderboard
    )
    def get(self, request: Request, org: str, name: str) -> Response:
        """Its endpoints in order, ties told as ties; without a rank what was measured on other terms."""
        found = selectors.served_board(org, name)
        if found is None:
            raise NotFound("No board of this model is published.")
        self.modified = found.published
        tag = conditional.etag(found.digest, str(documents.VERSION))
        if request.headers.get("If-None-Match") and conditional.unchanged(request._request, tag):
            return Response(None, headers={"ETag": tag})
        board = documents.leaderboard(found.board, found.published.isoformat())
        return Response(board, headers={"ETag": tag})
