"""Endpoints in the hands of their providers: submitted, edited, run in private, published, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from leaderboard import selectors
from leaderboard.models import SUBMISSION_TRANSITIONS, Organisation, Submission, SubmissionState
from leaderboard.origins import origin_of
from leaderboard.services import audit
from leaderboard.services.certification import CertificateNotPossible, request_certificate
from leaderboard.services.proofs import begin_proof
from verifier import services as facts
from verifier.models import Endpoint, Model, Provider, Run
from verifier.models.states import require
from verifier.selectors import open_run
from verifier.services.registry import check_secret

log = structlog.get_logger(__name__)

PRIVATE_RUNS_A_DAY = 4
"""Of one endpoint. Its own key pays for them; the limit is so that others' runs are not kept waiting."""
MOST_SUBMISSIONS = 200
PROVIDER, PUBLICATION = "provider", "publication"
"""Why these runs were asked for."""


class NotPossible(Exception):
    """It can't be done now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a provider says of an endpoint."""

    model: Model
    base_url: str
    upstream_model: str
    variant: str = ""
    declared_quantization: str = "unknown"
    region: str = ""
    price_in: Decimal | None = None
    price_out: Decimal | None = None
    api_key: str = field(default="", repr=False)

    def columns(self) -> dict[str, Any]:
        """The columns of Endpoint that a provider says something of."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        kept.pop("api_key")
        return kept


@transaction.atomic
def submit(organisation: Organisation, user: User, said: Declared) -> Submission:
    """Register an endpoint, unlisted, and begin the proof of its origin. All of it or nothing.

    Raises ValidationError keyed by the fields of `Declared`.
    """
    organisation = (
        Organisation.objects.select_for_update(of=("self",))
        .select_related("provider")
        .get(pk=organisation.pk)
    )
    if selectors.submissions_of(organisation).count() >= MOST_SUBMISSIONS:
        raise ValidationError(
            gettext("%(organisation)s has %(n)s endpoints. Withdraw some first.")
            % {"organisation": organisation, "n": MOST_SUBMISSIONS}
        )
    if said.api_key:
        check_secret(said.api_key)
    _refuse_listed(said, None)
    provider = _provider(organisation)
    known = Endpoint.objects.filter(provider=provider, model=said.model, variant=said.variant).first()
    submission = (
        Submission.objects.filter(organisation=organisation, endpoint=known).first() if known else None
    )
    if known is not None and (submission is None or submission.state not in selectors.GONE):
        raise ValidationError(
            {
                "variant": gettext(
                    "%(organisation)s offers %(model)s in this variant already. Edit that endpoint, "
                    "or give this one a variant of its own."
                )
                % {"organisation": organisation, "model": said.model}
            }
        )
    label = f"{organisation.name} {said.variant}".strip()
    endpoint = facts.register_endpoint(provider=provider, label=label, listed=False, **said.columns())
    if said.api_key:
        facts.set_credential(endpoint, said.api_key)
    if submission is None:
        submission = Submission(organisation=organisation, endpoint=endpoint)
    else:
        _move(submission, SubmissionState.PRIVATE)
    submission.endpoint, submission.submitted_by = endpoint, user
    submission.save()
    begin_proof(organisation, user, origin_of(said.base_url))
    audit.record("endpoint.submitted", endpoint, organisation=organisation, by=user)
    return submission


@transaction.atomic
def claim(organisation: Organisation, user: User, endpoint: Endpoint) -> Submission:
    """Ask to speak for an endpoint that the operator has listed. Nothing that is published changes.

    The operator's key is the operator's: it stays for public runs, and no claimant's run is made with it.

    Raises NotPossible.
    """
    if not endpoint.listed or endpoint.is_control or endpoint.provider.is_lab:
        raise NotPossible(gettext("This endpoint is not there to be claimed."))
    submission, made = Submission.objects.get_or_create(
        organisation=organisation, endpoint=endpoint, defaults={"submitted_by": user, "claim": True}
    )
    if not made and submission.state in selectors.GONE:
        _move(submission, SubmissionState.PRIVATE)
        submission.save()
    begin_proof(organisation, user, origin_of(endpoint.base_url))
    if made:
        facts.keep_key_blind(endpoint)
        audit.record("endpoint.claimed", endpoint, organisation=organisation, by=user)
    return submission


@transaction.atomic
def edit(submission: Submission, user: User, said: Declared) -> Submission:
    """Say something else of an endpoint. An empty key leaves the stored one.

    A key never follows an endpoint to another origin, and a published endpoint moves only to an origin that
    is proven. Raises ValidationError by field, NotPossible for an endpoint that is not theirs to edit.
    """
    submission = _locked(submission)
    organisation, endpoint = submission.organisation, submission.endpoint
    if submission.state in selectors.GONE:
        raise NotPossible(gettext("This submission was taken back. Submit the endpoint again."))
    if submission.claim and not _speaks(submission):
        raise NotPossible(
            gettext("%(origin)s is not proven, or another organisation speaks for this endpoint.")
            % {"origin": origin_of(endpoint.base_url)}
        )
    columns = said.columns()
    if (said.model, said.variant) != (endpoint.model, endpoint.variant):
        raise ValidationError(
            {"variant": gettext("Model and variant name an endpoint. Submit another one instead.")}
        )
    if said.api_key:
        check_secret(said.api_key)
    was, now = origin_of(endpoint.base_url), origin_of(said.base_url)
    if was != now:
        if endpoint.listed and not selectors.has_proven(organisation, said.base_url):
            refusal = gettext("Prove %(origin)s first: a published endpoint goes nowhere else.")
            raise ValidationError({"base_url": refusal % {"origin": now}})
        facts.remove_credential(endpoint)
        facts.remove_credential(endpoint, blind=True)
    served = (said.base_url, said.upstream_model) != (endpoint.base_url, endpoint.upstream_model)
    if served and open_run(endpoint.pk) is not None:
        raise NotPossible(
            gettext("A run is under way at the present address. Edit it when the run has ended.")
        )
    _refuse_listed(said, endpoint)
    for name, value in columns.items():
        setattr(endpoint, name, value)
    with audit.acting(lambda: user):
        facts.save_endpoint(endpoint)
    if said.api_key:
        facts.set_credential(endpoint, said.api_key)
    if not selectors.has_proven(organisation, said.base_url):
        begin_proof(organisation, user, now)
    submission.save()
    return submission


def set_key(submission: Submission, secret: str) -> None:
    """Keep another declared key, or with an empty one forget it. Raises ValidationError, NotPossible."""
    if submission.claim and not _speaks(submission):
        raise NotPossible(gettext("Prove the origin first."))
    if secret:
        facts.set_credential(submission.endpoint, secret)
    else:
        facts.remove_credential(submission.endpoint)


@transaction.atomic
def start_private_run(submission: Submission, user: User) -> Run:
    """Have the endpoint measured with its declared key, for its provider alone. Raises NotPossible."""
    submission = _locked(submission)
    endpoint = submission.endpoint
    if submission.state in selectors.GONE:
        raise NotPossible(gettext("This submission was taken back. Submit the endpoint again."))
    if not _speaks(submission):
        raise NotPossible(
            gettext("Prove %(origin)s first: only its owner sees a private run.")
            % {"origin": origin_of(endpoint.base_url)}
        )
    if selectors.private_runs_today(endpoint.pk) >= PRIVATE_RUNS_A_DAY:
        raise NotPossible(
            gettext("%(n)s private runs were made within a day. Try again later.") % {"n": PRIVATE_RUNS_A_DAY}
        )
    try:
        return facts.queue_run(endpoint, trigger=PROVIDER, private=True, blind=False)
    except facts.RunNotPossible as error:
        raise NotPossible(str(error)) from error


@transaction.atomic
def publish_submission(submission: Submission, user: User) -> Submission:
    """Put the endpoint on the board, have it measured in public, and ask for its certificate.

    What its private runs found stays private; how many there were is published with the certificate.
    Raises NotPossible, and IllegalTransition from another state.
    """
    submission = _locked(submission)
    endpoint, organisation = submission.endpoint, submission.organisation
    require(SUBMISSION_TRANSITIONS, f"The submission of {endpoint}", submission.state, "published")
    _require_fresh(submission)
    _take_over(submission)
    try:
        _refuse_listed(_as_declared(endpoint), endpoint)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error
    _move(submission, SubmissionState.PUBLISHED)
    submission.published = timezone.now()
    submission.save()
    audit.record("endpoint.published", endpoint, organisation=organisation, by=user)
    if not endpoint.listed:
        endpoint.listed = True
        with audit.acting(lambda: user):
            facts.save_endpoint(endpoint)
    try:
        facts.queue_run(endpoint, trigger=PUBLICATION)
    except facts.RunNotPossible as error:
        log.info("not measured now", endpoint=str(endpoint.pk), reason=str(error))
    try:
        request_certificate(endpoint, private_attempts=selectors.private_attempts(endpoint.pk))
    except CertificateNotPossible as error:
        raise NotPossible(str(error)) from error
    return submission


@transaction.atomic
def delist(submission: Submission, user: User) -> Submission:
    """Take the endpoint off the boards; what was published of it stays in the log. Raises as publishing."""
    submission = _locked(submission)
    endpoint = submission.endpoint
    require(SUBMISSION_TRANSITIONS, f"The submission of {endpoint}", submission.state, "delisted")
    if submission.claim:
        raise NotPossible(
            gettext("The operator lists this endpoint. Write to the operator, or dispute what is wrong.")
        )
    _require_fresh(submission)
    _move(submission, SubmissionState.DELISTED)
    submission.save()
    endpoint.listed = False
    audit.record("endpoint.delisted", endpoint, organisation=submission.organisation, by=user)
    with audit.acting(lambda: user):
        facts.save_endpoint(endpoint)
    return submission


@transaction.atomic
def withdraw(submission: Submission, user: User) -> Submission:
    """Take a submission back, with its key. A published endpoint is delisted first."""
    submission = _locked(submission)
    endpoint = submission.endpoint
    require(SUBMISSION_TRANSITIONS, f"The submission of {endpoint}", submission.state, "withdrawn")
    _move(submission, SubmissionState.WITHDRAWN)
    submission.save()
    if not submission.claim:
        facts.remove_credential(endpoint)
        run = Run.objects.filter(endpoint=endpoint, private=True, state__in=["queued", "running"]).first()
        if run is not None:
            facts.cancel_run(run.pk)
    audit.record("endpoint.withdrawn", endpoint, organisation=submission.organisation, by=user)
    return submission


def declared(submission: Submission) -> dict[str, Any]:
    """What is said of the endpoint now, as the form and the API show it; never the key."""
    said = _as_declared(submission.endpoint).columns()
    return {**said, "model": submission.endpoint.model.slug}


def _as_declared(endpoint: Endpoint) -> Declared:
    names = [one.name for one in fields(Declared) if one.name != "api_key"]
    values: Mapping[str, Any] = {name: getattr(endpoint, name) for name in names}
    return Declared(**values)


def _locked(submission: Submission) -> Submission:
    found = Submission.objects.select_for_update(of=("self",))
    return found.select_related("organisation", "endpoint__model", "endpoint__provider").get(pk=submission.pk)


def _move(submission: Submission, to: SubmissionState) -> None:
    require(SUBMISSION_TRANSITIONS, f"The submission of {submission.endpoint}", submission.state, to)
    submission.state = to


def _speaks(submission: Submission) -> bool:
    """Whether the origin is proven, and nobody else speaks for the endpoint."""
    others = Submission.objects.filter(endpoint=submission.endpoint, state=SubmissionState.PUBLISHED)
    if others.exclude(pk=submission.pk).exists():
        return False
    return selectors.has_proven(submission.organisation, submission.endpoint.base_url)


def _require_fresh(submission: Submission) -> None:
    if not selectors.has_fresh_proof(submission.organisation, submission.endpoint.base_url):
        raise NotPossible(
            gettext(
                "This takes a proof of %(origin)s that was seen within the hour. "
                "Have it looked for now, then try again."
            )
            % {"origin": origin_of(submission.endpoint.base_url)}
        )


def _take_over(submission: Submission) -> None:
    """An endpoint has one voice. Another's gives way only when its own proof no longer holds."""
    endpoint = submission.endpoint
    found = Submission.objects.select_for_update(of=("self",)).select_related("organisation")
    other = found.filter(endpoint=endpoint, state=SubmissionState.PUBLISHED).exclude(pk=submission.pk).first()
    if other is None:
        return
    if selectors.has_proven(other.organisation, endpoint.base_url):
        raise NotPossible(
            gettext(
                "%(organisation)s speaks for this endpoint, and its proof holds. It has to take its file or "
                "record away first."
            )
            % {"organisation": other.organisation}
        )
    _move(other, SubmissionState.SUPERSEDED)
    other.save()
    audit.record("endpoint.superseded", endpoint, organisation=other.organisation)


def _refuse_listed(said: Declared, own: Endpoint | None) -> None:
    """One deployment stands on the board once."""
    plain = said.base_url.rstrip("/")
    listed = Endpoint.objects.filter(
        model=said.model, base_url__in=[plain, f"{plain}/"], upstream_model=said.upstream_model, listed=True
    )
    if other := (listed if own is None else listed.exclude(pk=own.pk)).first():
        raise ValidationError(
            {
                "base_url": gettext(
                    "This deployment is listed already as %(endpoint)s. If it is yours, claim it: open "
                    "%(address)s."
                )
                % {"endpoint": other, "address": reverse("submit:claim", args=(other.pk,))}
            }
        )


def _provider(organisation: Organisation) -> Provider:
    if organisation.provider is not None:
        return organisation.provider
    if Provider.objects.filter(slug=organisation.slug).exists():
        raise ValidationError(gettext("A provider of this name is listed meanwhile. Write to the operator."))
    organisation.provider = facts.register_provider(
        slug=organisation.slug, name=organisation.name, url=organisation.url
    )
    organisation.save(update_fields=["provider"])
    return organisation.provider
