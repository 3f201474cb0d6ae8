"""The transparency log: what was published, in order, and the proofs that nothing of it was changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors, services
from leaderboard.api.base import MAX_QUERY, ApiView
from leaderboard.api.pagination import DEFAULT, MOST
from leaderboard.models import LogEntry

LONGEST = 2**53
WORDS = {"type": "string", "maxLength": MAX_QUERY, "pattern": r"^[^\x00]*$"}
"""What any parameter may hold (leaderboard/api/base.py)."""


class EntrySchema(serializers.Serializer[Any]):
    """One fact that was published."""

    index = serializers.IntegerField(help_text="From 0.")
    kind = serializers.CharField(
        help_text="`board`, `verdict`, `suite`, `key`, `certificate`, `evidence`, `dispute`, `pool`."
    )
    subject = serializers.CharField(help_text="The id of what it is about.")
    recorded = serializers.DateTimeField(help_text="When it was appended.")
    leaf = serializers.CharField(
        help_text="The very bytes that are hashed (UTF-8): canonical JSON with what is said in `body`."
    )
    leaf_hash = serializers.CharField(help_text="SHA-256 of 0x00 and the leaf, in hexadecimal (RFC 6962).")


class EntriesSchema(serializers.Serializer[Any]):
    """A stretch of the log."""

    results = EntrySchema(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="The address of what follows; null where the log ends for now."
    )
    size = serializers.IntegerField(help_text="How many entries the log has.")


class InclusionSchema(serializers.Serializer[Any]):
    """That an entry is in the log (RFC 9162 section 2.1.3)."""

    index = serializers.IntegerField()
    entry = serializers.CharField(help_text="The entry's leaf.")
    proof = serializers.ListField(child=serializers.CharField(), help_text="Hashes, base64.")
    checkpoint = serializers.CharField(help_text="The signed head that the proof leads to.")


class ConsistencySchema(serializers.Serializer[Any]):
    """That a longer log begins with a shorter one (RFC 9162 section 2.1.4)."""

    first = serializers.IntegerField()
    second = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField(), help_text="Hashes, base64.")


class NoteRenderer(BaseRenderer):
    """A signed note as it is; a problem as JSON."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return (data if isinstance(data, str) else json.dumps(data)).encode()


class Checkpoint(ApiView):
    """The log's head."""

    renderer_classes = (NoteRenderer,)

    @extend_schema(
        operation_id="log_checkpoint",
        summary="The signed head of the log",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        """How many entries and which root, signed (C2SP tlog-checkpoint). Keep it: what comes later must
        begin with what it signs. Its key is in `/.well-known/assay-keys.json`.
        """
        found = selectors.latest_checkpoint() or services.checkpoint()
        self.modified = found.published
        return Response(found.note)


class Entries(ApiView):
    """The log's entries."""

    parameters = ("start", "limit", "kind", "subject")

    @extend_schema(
        operation_id="log_entries",
        summary="The entries of the log, in order",
        parameters=[
            OpenApiParameter(
                "start",
                {"type": "integer", "minimum": 0, "maximum": LONGEST, "default": 0},
                description="The first index.",
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT},
                description="How many.",
            ),
            OpenApiParameter("kind", WORDS, description="Only entries of this kind."),
            OpenApiParameter("subject", WORDS, description="Only entries about this id."),
        ],
        responses=EntriesSchema,
    )
    def get(self, request: Request) -> Response:
        """Nothing is ever taken away or changed: begin where you ended last time."""
        start = _number(request, "start", 0, 0, LONGEST)
        limit = _number(request, "limit", DEFAULT, 1, MOST)
        chosen = {
            name: request.query_params[name] for name in ("kind", "subject") if name in request.query_params
        }
        found = selectors.log_page(start, limit + 1, chosen)
        head = selectors.log_head()
        following = None
        if len(found) > limit:
            asked = {**chosen, "start": found[limit].index, "limit": limit}
            following = f"{request.path}?{urlencode(asked)}"
        size = 0 if head is None else head.size
        return Response({"results": [_entry(one) for one in found[:limit]], "next": following, "size": size})


class Proof(ApiView):
    """An entry's proof of inclusion."""

    @extend_schema(
        operation_id="log_proof",
        summary="The proof that an entry is in the log",
        responses=InclusionSchema,
    )
    def get(self, request: Request, index: int) -> Response:
        """Leads from the entry to the latest checkpoint; one is signed where none covers the entry yet."""
        found = selectors.log_entry(index) if index < LONGEST else None
        if found is None:
            raise NotFound("The log has no entry of this number.")
        return Response(services.proof_of(found))


class Consistency(ApiView):
    """The proof that nothing was rewritten."""

    parameters = ("second",)

    @extend_schema(
        operation_id="log_consistency",
        summary="The proof that the log only grew",
        parameters=[
            OpenApiParameter(
                "second",
                {"type": "integer", "minimum": 0},
                description="A later size; without it, that of the latest checkpoint.",
            ),
        ],
        responses=ConsistencySchema,
    )
    def get(self, request: Request, first: int) -> Response:
        """With it, a checkpoint of `first` entries and a later one show that the later log begins with it."""
        latest = selectors.latest_checkpoint() or services.checkpoint()
        second = _number(request, "second", max(first, latest.size), 0, LONGEST)
        head = selectors.log_head()
        size = 0 if head is None else head.size
        if first > size:
            raise NotFound(f"The log has only {size} entries.")
        if not first <= second <= size:
            raise ValidationError({"second": f"A whole number from {first} to {size}."})
        proof = selectors.consistency_proof(first, second)
        return Response(
            {"first": first, "second": second, "proof": [base64.b64encode(part).decode() for part in proof]}
        )


def _entry(entry: LogEntry) -> dict[str, Any]:
    return {
        "index": entry.index,
        "kind": entry.kind,
        "subject": entry.subject,
        "recorded": entry.recorded.isoformat(),
        "leaf": entry.leaf,
        "leaf_hash": entry.hashes[:64],
    }


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 17 and low <= int(text) <= high):
        raise ValidationError({name: f"A whole number from {low} to {high}."})
    return int(text)
