"""Objections: read by anybody, made by who speaks for the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors, services
from leaderboard.api import schemas_writes as schemas
from leaderboard.api.writes import IDEMPOTENCY, Guarded, GuardedList, said
from leaderboard.documents import API
from leaderboard.models import Dispute as Row
from leaderboard.models import Scope
from leaderboard.selectors import disputes as known


class Disputes(GuardedList):
    """All of them."""

    queryset = known.served_disputes()
    scopes: Mapping[str, str] = {"GET": "", "POST": Scope.DISPUTE}

    @extend_schema(
        operation_id="disputes_list",
        summary="Every objection, the newest first",
        responses=schemas.Dispute(many=True),
    )
    def get(self, request: Request) -> Response:
        """What providers objected to, by when it is answered, and what came of it."""
        return self.page(document)

    @extend_schema(
        operation_id="disputes_create",
        summary="Object to a finding",
        parameters=[IDEMPOTENCY],
        request=schemas.NewDispute,
        responses={201: schemas.Dispute},
    )
    def post(self, request: Request) -> Response:
        """Published at once, with a clock. For the organisation that speaks for the endpoint alone."""
        given = said(schemas.NewDispute, request)
        run = selectors.run(given.pop("run"))
        if run is None:
            raise NotFound("No run of this id is public.")

        def act() -> tuple[int, dict[str, Any]]:
            made = services.open_dispute(run, self.person, self.organisation, **given)
            return 201, document(_found(made.pk))

        return self.act(request, act)


class Dispute(Guarded):
    """One of them."""

    scopes: Mapping[str, str] = {"GET": ""}

    @extend_schema(operation_id="disputes_read", summary="One objection", responses=schemas.Dispute)
    def get(self, request: Request, dispute_id: UUID) -> Response:
        """Its clock and its answer. It is never deleted."""
        return Response(document(_found(dispute_id)))


class Withdraw(Guarded):
    """Thinking better of it."""

    scopes: Mapping[str, str] = {"POST": Scope.DISPUTE}

    @extend_schema(
        operation_id="disputes_withdraw",
        summary="Withdraw an objection",
        request=None,
        responses=schemas.Dispute,
    )
    def post(self, request: Request, dispute_id: UUID) -> Response:
        """It stays public, as withdrawn. For the organisation that made it alone."""
        found = _found(dispute_id)
        if found.organisation_id != self.organisation.pk:
            raise NotFound("No objection of your organisation has this id.")

        def act() -> tuple[int, dict[str, Any]]:
            services.withdraw_dispute(found.pk, self.person)
            return 200, document(_found(found.pk))

        return self.act(request, act)


def document(dispute: Row) -> dict[str, Any]:
    """An objection as it is served."""
    return {
        "id": str(dispute.pk),
        "endpoint": str(dispute.endpoint_id),
        "model": dispute.endpoint.model.slug,
        "run": str(dispute.run_id),
        "check": dispute.check_name or None,
        "certificate": None if dispute.certificate_id is None else str(dispute.certificate_id),
        "objector": dispute.objector,
        "statement": dispute.statement,
        "evidence": dispute.evidence,
        "opened": dispute.opened.isoformat(),
        "due": dispute.due.isoformat(),
        "outcome": dispute.outcome or None,
        "answer": dispute.answer,
        "answered": None if dispute.answered is None else dispute.answered.isoformat(),
        "links": {
            "self": f"{API}/disputes/{dispute.pk}",
            "page": f"/disputes/{dispute.pk}/",
            "run": f"{API}/runs/{dispute.run_id}",
            "endpoint": f"{API}/endpoints/{dispute.endpoint_id}",
        },
    }


def _found(dispute_id: UUID) -> Row:
    found = known.dispute(dispute_id)
    if found is None:
        raise NotFound("No objection of this id is public.")
    return found
