"""Certificates: the signed document, with the proof that the log has it, and where it stands now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import services
from leaderboard.api.base import ApiView
from leaderboard.api.log import InclusionSchema
from leaderboard.models import Certificate as Row
from leaderboard.selectors import certificates as known


class SignatureSchema(serializers.Serializer[Any]):
    """An Ed25519 signature over the payload and its type (DSSEv1)."""

    keyid = serializers.CharField(help_text="The key in `/.well-known/assay-keys.json`.")
    sig = serializers.CharField(help_text="Base64.")


class EnvelopeSchema(serializers.Serializer[Any]):
    """A DSSE envelope around an in-toto Statement v1."""

    payload = serializers.CharField(help_text="The statement: canonical JSON, base64.")
    payloadType = serializers.CharField(help_text="`application/vnd.in-toto+json`.")
    signatures = SignatureSchema(many=True)


class CertificateSchema(EnvelopeSchema):
    """The signed statement, and beside it the proof that the transparency log has it."""

    log = InclusionSchema()


class Certificate(ApiView):
    """One certificate."""

    @extend_schema(
        operation_id="certificates_read", summary="A signed certificate", responses=CertificateSchema
    )
    def get(self, request: Request, certificate_id: UUID) -> Response:
        """Check it with `assay verify-certificate`, or with any DSSE library and the published keys."""
        return _signed(services.certificate_document(_found(certificate_id)))


class Status(ApiView):
    """Where a certificate stands."""

    @extend_schema(
        operation_id="certificates_status", summary="Where a certificate stands now", responses=EnvelopeSchema
    )
    def get(self, request: Request, certificate_id: UUID) -> Response:
        """Signed as the certificate is; its predicate has `state`, since when, and the reason."""
        response = _signed(services.certificate_status(_found(certificate_id)))
        response["Cache-Control"] = "no-cache"
        return response


def _found(certificate_id: UUID) -> Row:
    found = known.certificate(certificate_id)
    if found is None:
        raise NotFound("No certificate of this id is public.")
    return found


def _signed(envelope: dict[str, Any] | None) -> Response:
    if envelope is None:
        raise NotFound("This certificate was never granted.")
    return Response(envelope)
