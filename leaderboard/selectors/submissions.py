"""What is read of submissions, proofs and private runs: by their organisation alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from leaderboard.models import Organisation, OwnershipProof, ProofState, Submission, SubmissionState
from leaderboard.origins import FRESH, origin_of
from verifier.models import Endpoint, Model, Run

GONE = (SubmissionState.WITHDRAWN, SubmissionState.SUPERSEDED)


def submissions_of(organisation: Organisation) -> QuerySet[Submission]:
    """Those that an organisation still has, newest first."""
    found = Submission.objects.filter(organisation=organisation).exclude(state__in=GONE)
    return found.select_related("organisation", "endpoint__model", "endpoint__credential")


def submission(user: User, submission_id: UUID) -> Submission | None:
    """A submission of an organisation of this person; None for strangers. One query."""
    return _whole().filter(pk=submission_id, organisation__memberships__user=user).first()


def submission_of(organisation: Organisation, submission_id: UUID) -> Submission | None:
    """A submission of this organisation. One query."""
    return _whole().filter(pk=submission_id, organisation=organisation).first()


def _whole() -> QuerySet[Submission]:
    return Submission.objects.select_related(
        "organisation__provider", "endpoint__model", "endpoint__provider", "endpoint__credential"
    )


def proof_of_origin(organisation: Organisation, origin: str) -> OwnershipProof | None:
    """The proof that holds, else the last one of this origin. One query."""
    found = OwnershipProof.objects.filter(organisation=organisation, origin=origin)
    holds = list(found.order_by("-created")[:20])
    return next((one for one in holds if one.state == ProofState.PROVEN), holds[0] if holds else None)


def pending_proof(organisation: Organisation, origin: str) -> OwnershipProof | None:
    """The challenge that waits to be met. One query."""
    return OwnershipProof.objects.filter(
        organisation=organisation, origin=origin, state=ProofState.PENDING, expires__gt=timezone.now()
    ).first()


def has_proven(organisation: Organisation, base_url: str) -> bool:
    """Whether this organisation has proven the origin of this address. One query."""
    return OwnershipProof.objects.filter(
        organisation=organisation, origin=origin_of(base_url), state=ProofState.PROVEN
    ).exists()


def has_fresh_proof(organisation: Organisation, base_url: str) -> bool:
    """Whether that proof was seen a moment ago. One query."""
    return OwnershipProof.objects.filter(
        organisation=organisation,
        origin=origin_of(base_url),
        state=ProofState.PROVEN,
        failures=0,
        checked__gte=timezone.now() - FRESH,
    ).exists()


def speaks_for(organisation: Organisation, endpoint: Endpoint) -> bool:
    """Whether this organisation speaks for a published endpoint: it has published it, and its proof holds."""
    spoken = Submission.objects.filter(
        organisation=organisation, endpoint=endpoint, state=SubmissionState.PUBLISHED
    )
    return spoken.exists() and has_proven(organisation, endpoint.base_url)


def private_runs(endpoint: Endpoint) -> QuerySet[Run]:
    """The private runs of an endpoint, newest first."""
    return Run.objects.filter(endpoint=endpoint, private=True).defer("result").order_by("-created", "-id")


def private_run(submission: Submission, run_id: UUID) -> Run | None:
    """A private run of this submission's endpoint, with everything its page names. One query."""
    return (
        Run.objects.select_related("endpoint__model", "endpoint__provider", "baseline")
        .defer("baseline__data")
        .filter(pk=run_id, endpoint=submission.endpoint_id, private=True)
        .first()
    )


def private_attempts(endpoint_id: UUID, since: datetime | None = None) -> int:
    """How many private runs were made, cancelled ones included. One query."""
    found = Run.objects.filter(endpoint=endpoint_id, private=True)
    return found.filter(created__gte=since).count() if since else found.count()


def private_runs_today(endpoint_id: UUID) -> int:
    """Those of the last 24 hours, which the quota counts. One query."""
    return private_attempts(endpoint_id, timezone.now() - timedelta(days=1))


def measured_models() -> list[Model]:
    """The models that endpoints can be submitted for, by name. One query."""
    return list(Model.objects.order_by("org", "name"))
