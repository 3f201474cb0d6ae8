"""Pages by a signed cursor: stable while rows come and go, and nothing a client could make up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from django.db.models import Model
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

if TYPE_CHECKING:  # these modules are named in REST framework's settings, which its views read
    from rest_framework.views import APIView

DEFAULT, MOST = 50, 100


class SignedCursor(BasePagination):
    """`limit` rows after the one that the cursor names, by primary key; the view may order them backwards.

    A cursor belongs to the filters it was made with: with others it is refused.
    """

    next: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        limit = _limit(request)
        backwards = str(queryset.query.order_by[:1] or queryset.model._meta.ordering[:1]).find("-") > 0
        after = request.query_params.get("cursor")
        if after is not None:
            key = "pk__lt" if backwards else "pk__gt"
            queryset = queryset.filter(**{key: self._place(request, after)})
        found = list(queryset[: limit + 1])
        if len(found) > limit:
            self.next = _address(request, _signer(request).sign_object(str(_key(found[limit - 1]))))
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        headers = {} if self.next is None else {"Link": f'<{self.next}>; rel="next"'}
        return Response({"results": data, "next": self.next}, headers=headers)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        said = "The address of the next page; null on the last one."
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "format": "uri-reference", "description": said},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page begins: only as `next` gives it.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "Rows on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT},
            },
        ]

    def _place(self, request: Request, cursor: str) -> str:
        try:
            return str(_signer(request).unsign_object(cursor))
        except (BadSignature, ValueError):
            said = "This cursor is not one of ours, or belongs to other filters: begin without one."
            raise ValidationError({"cursor": said}) from None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise ValidationError({"limit": f"A whole number from 1 to {MOST}."})
    return int(text)


def _key(row: Model | dict[str, Any]) -> Any:
    return row["pk"] if isinstance(row, dict) else row.pk


def _signer(request: Request) -> Signer:
    """Signs for this route and these filters alone. No time in it: the same page has the same address."""
    return Signer(salt=f"api.cursor:{request.path}?{urlencode(_others(request))}")


def _address(request: Request, cursor: str) -> str:
    pairs = [*_others(request), ("cursor", cursor)]
    limit = request.query_params.get("limit")
    if limit is not None:
        pairs.append(("limit", limit))
    return f"{request.path}?{urlencode(pairs)}"


def _others(request: Request) -> list[tuple[str, str]]:
    known = request.query_params.items()
    return sorted((name, str(value)) for name, value in known if name not in ("cursor", "limit"))
