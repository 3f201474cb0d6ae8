"""Private runs: the diagnosis that a provider sees before anybody else, with a token."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors
from leaderboard.api import schemas_writes as schemas
from leaderboard.api.submission_documents import run_document, run_row
from leaderboard.api.submissions import OfOne
from leaderboard.api.writes import IDEMPOTENCY, GuardedList
from leaderboard.models import Scope, Submission
from leaderboard.services import submissions as services
from verifier.models import Run


class OfProven(OfOne):
    """Only who has proven the origin sees what is private about it."""

    def found(self, submission_id: UUID) -> Submission:
        """Raises NotFound, also where the proof no longer holds."""
        found = super().found(submission_id)
        if not selectors.has_proven(found.organisation, found.endpoint.base_url):
            raise NotFound("Private runs are shown to who has proven the endpoint's origin.")
        return found


class PrivateRuns(OfProven, GuardedList):
    """Those of one submission."""

    queryset = Run.objects.none()
    scopes: Mapping[str, str] = {"GET": Scope.READ, "POST": Scope.SUBMIT}

    @extend_schema(
        operation_id="submissions_runs",
        summary="The private runs of an endpoint",
        responses=schemas.PrivateRunRow(many=True),
    )
    def get(self, request: Request, submission_id: UUID) -> Response:
        """The newest first."""
        found = self.found(submission_id)
        runs = selectors.private_runs(found.endpoint).order_by("-pk")
        return self.page(lambda run: run_row(found, run), runs)

    @extend_schema(
        operation_id="submissions_run",
        summary="Run in private",
        parameters=[IDEMPOTENCY],
        request=None,
        responses={201: schemas.PrivateRunRow},
    )
    def post(self, request: Request, submission_id: UUID) -> Response:
        """The declared key pays. What is found is shown to your organisation and the operator alone."""
        found = OfOne.found(self, submission_id)  # the service says what is missing
        return self.act(
            request, lambda: (201, run_row(found, services.start_private_run(found, self.person)))
        )


class PrivateRun(OfProven):
    """One of them."""

    scopes: Mapping[str, str] = {"GET": Scope.READ}

    @extend_schema(
        operation_id="submissions_run_read",
        summary="One private run, with the whole diagnosis",
        responses=schemas.PrivateRun,
    )
    def get(self, request: Request, submission_id: UUID, run_id: UUID) -> Response:
        """Verdict, cause, evidence and every finding with its numbers."""
        found = self.found(submission_id)
        run = selectors.private_run(found, run_id)
        if run is None:
            raise NotFound("This submission has no such run.")
        return Response(run_document(found, run))
