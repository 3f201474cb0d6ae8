"""Submissions: an organisation's own endpoints, from the declaration to the board, with a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas_writes as schemas
from leaderboard.api.submission_documents import proof_document, row, whole
from leaderboard.api.writes import IDEMPOTENCY, Guarded, GuardedList, said, telling
from leaderboard.models import Scope, Submission
from leaderboard.origins import origin_of
from leaderboard.pages.forms_submission import SubmissionForm
from leaderboard.services import proofs
from leaderboard.services import submissions as services
from leaderboard.services.bulk import submit_feed
from leaderboard.services.submissions import Declared


class OfOne(Guarded):
    """About one submission of the token's organisation; for every other token there is none."""

    def found(self, submission_id: UUID) -> Submission:
        """Raises NotFound."""
        found = selectors.submission_of(self.organisation, submission_id)
        if found is None:
            raise NotFound("No submission of your organisation has this id.")
        return found

    def whole(self, submission: Submission) -> dict[str, Any]:
        """As it is now."""
        return whole(self.found(submission.pk))


class Submissions(GuardedList):
    """What an organisation has submitted."""

    queryset = Submission.objects.none()
    scopes: Mapping[str, str] = {"GET": Scope.READ, "POST": Scope.SUBMIT}

    @extend_schema(
        operation_id="submissions_list",
        summary="Your submissions",
        responses=schemas.SubmissionRow(many=True),
    )
    def get(self, request: Request) -> Response:
        """Those of the token's organisation that were not taken back, the newest first."""
        return self.page(row, selectors.submissions_of(self.organisation).order_by("-pk"))

    @extend_schema(
        operation_id="submissions_create",
        summary="Submit an endpoint",
        parameters=[IDEMPOTENCY],
        request=schemas.NewSubmission,
        responses={201: schemas.Submission},
    )
    def post(self, request: Request) -> Response:
        """It stays private. `proof` says what to put where, so that it may be run and published."""
        given = _declared(said(schemas.NewSubmission, request))
        return self.act(request, lambda: (201, self._made(given)))

    def _made(self, given: Declared) -> dict[str, Any]:
        made = services.submit(self.organisation, self.person, given)
        found = selectors.submission_of(self.organisation, made.pk)
        assert found is not None
        return whole(found)


class Bulk(Guarded):
    """Many at once."""

    scopes: Mapping[str, str] = {"POST": Scope.SUBMIT}

    @extend_schema(
        operation_id="submissions_bulk",
        summary="Submit every endpoint of an OpenRouter feed",
        parameters=[IDEMPOTENCY],
        request=schemas.Feed,
        responses={201: schemas.Submitted},
    )
    def post(self, request: Request) -> Response:
        """All of them or none. What is not ready, not measured here or submitted already is passed over."""
        given = said(schemas.Feed, request)

        def act() -> tuple[int, dict[str, Any]]:
            done = submit_feed(
                self.organisation,
                self.person,
                base_url=given["base_url"],
                feed={"data": given["data"]},
                api_key=given.get("api_key", ""),
            )
            skipped = [{"id": name, "reason": why} for name, why in done.skipped]
            return 201, {"results": [row(one) for one in done.made], "skipped": skipped}

        return self.act(request, act)


class Claims(OfOne):
    """Asking to speak for what the operator has listed."""

    scopes: Mapping[str, str] = {"POST": Scope.SUBMIT}

    @extend_schema(
        operation_id="submissions_claim",
        summary="Claim an endpoint that the operator has listed",
        parameters=[IDEMPOTENCY],
        request=schemas.NewClaim,
        responses={201: schemas.Submission},
    )
    def post(self, request: Request) -> Response:
        """Nothing that is published changes before its origin is proven and it is published."""
        endpoint = selectors.endpoint(said(schemas.NewClaim, request)["endpoint"])
        if endpoint is None:
            raise NotFound("No endpoint of this id is listed.")
        return self.act(
            request, lambda: (201, self.whole(services.claim(self.organisation, self.person, endpoint)))
        )


class One(OfOne):
    """One submission."""

    scopes: Mapping[str, str] = {"GET": Scope.READ, "PATCH": Scope.SUBMIT}

    @extend_schema(operation_id="submissions_read", summary="One submission", responses=schemas.Submission)
    def get(self, request: Request, submission_id: UUID) -> Response:
        """What is declared, where its proof stands and what is left of private runs. Never the key."""
        return Response(whole(self.found(submission_id)))

    @extend_schema(
        operation_id="submissions_edit",
        summary="Say something else of an endpoint",
        request=schemas.SubmissionEdit,
        responses=schemas.Submission,
    )
    def patch(self, request: Request, submission_id: UUID) -> Response:
        """A key never follows to another origin; a published endpoint moves only to a proven one."""
        found = self.found(submission_id)
        given = said(schemas.SubmissionEdit, request, partial=True)

        def act() -> tuple[int, dict[str, Any]]:
            services.edit(found, self.person, _declared({**services.declared(found), **given}))
            if given.get("api_key") == "":
                services.set_key(self.found(found.pk), "")
            return 200, self.whole(found)

        return self.act(request, act)


class Proof(OfOne):
    """The proof of an origin."""

    scopes: Mapping[str, str] = {"POST": Scope.SUBMIT}

    @extend_schema(
        operation_id="submissions_prove",
        summary="Have the proof of the origin looked for",
        request=schemas.ProofWanted,
        responses={202: schemas.Proof},
    )
    def post(self, request: Request, submission_id: UUID) -> Response:
        """Begins one where none is under way. Read the submission a few seconds later."""
        found = self.found(submission_id)
        wanted = said(schemas.ProofWanted, request).get("base_url") or found.endpoint.base_url

        def act() -> tuple[int, dict[str, Any]]:
            return 202, proof_document(proofs.pursue(found.organisation, self.person, origin_of(wanted)))

        return self.act(request, act)


class Act(OfOne):
    """An act of one word."""

    does: Callable[[Submission, Any], Any]

    def done(self, request: Request, submission_id: UUID) -> Response:
        """Do it, and answer with how it stands then."""
        found = self.found(submission_id)
        does = type(self).does
        return self.act(request, lambda: (200, self.whole(does(found, self.person))))


class Publish(Act):
    """Publishing."""

    scopes: Mapping[str, str] = {"POST": Scope.PUBLISH}
    does = staticmethod(services.publish_submission)

    @extend_schema(
        operation_id="submissions_publish",
        summary="Put an endpoint on the board",
        parameters=[IDEMPOTENCY],
        request=None,
        responses=schemas.Submission,
    )
    def post(self, request: Request, submission_id: UUID) -> Response:
        """It is measured in public, and its certificate asked for. Takes a proof seen within the hour."""
        return self.done(request, submission_id)


class Delist(Act):
    """Delisting."""

    scopes: Mapping[str, str] = {"POST": Scope.PUBLISH}
    does = staticmethod(services.delist)

    @extend_schema(
        operation_id="submissions_delist",
        summary="Take an endpoint off the board",
        parameters=[IDEMPOTENCY],
        request=None,
        responses=schemas.Submission,
    )
    def post(self, request: Request, submission_id: UUID) -> Response:
        """What was published of it stays in the log. Takes a proof seen within the hour."""
        return self.done(request, submission_id)


class Withdraw(Act):
    """Taking back."""

    scopes: Mapping[str, str] = {"POST": Scope.SUBMIT}
    does = staticmethod(services.withdraw)

    @extend_schema(
        operation_id="submissions_withdraw",
        summary="Take a submission back",
        parameters=[IDEMPOTENCY],
        request=None,
        responses=schemas.Submission,
    )
    def post(self, request: Request, submission_id: UUID) -> Response:
        """Its key is forgotten and a private run under way cancelled. Delist a published endpoint first."""
        return self.done(request, submission_id)


def _declared(given: dict[str, Any]) -> Declared:
    """Through the form of the page: the same rules and messages."""
    with telling():
        form = SubmissionForm(given)
        if not form.is_valid():
            raise ValidationError({name: [str(one) for one in said] for name, said in form.errors.items()})
        return form.declared()
