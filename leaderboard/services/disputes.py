"""Objections: made by who speaks for the endpoint, answered by the operator, logged and told either way.

A finding that was wrong is superseded, never deleted: its run stays on its page with the objection and the
answer, and says nothing any more on the board or of a certificate.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from leaderboard import languages
from leaderboard.certification import State
from leaderboard.integrity.facts import DISPUTE, dispute_fact
from leaderboard.models import Dispute, DisputeOutcome, Organisation
from leaderboard.selectors.certificates import live_certificate
from leaderboard.selectors.disputes import speakers
from leaderboard.services import audit
from leaderboard.services.alerts import tell
from leaderboard.services.certification import correct_certificate
from leaderboard.services.publishing import follow_up, publish
from leaderboard.services.transparency import append_all
from verifier import services as facts
from verifier.models import Run, RunState

log = structlog.get_logger(__name__)

ANSWERED_WITHIN = timedelta(days=14)


class DisputeNotPossible(Exception):
    """The objection can't be made or answered; the message says why and what to do."""


@transaction.atomic
def open_dispute(
    run: Run, user: User, organisation: Organisation, *, statement: str, evidence: str = "", check: str = ""
) -> Dispute:
    """Object to a finding of a complete run, or with no `check` to its verdict. Everything said is public.

    Raises PermissionError for somebody who does not speak for the endpoint, DisputeNotPossible, and
    ValidationError keyed by field.
    """
    endpoint = run.endpoint
    if organisation not in speakers(user, endpoint):
        raise PermissionError(f"{organisation} does not speak for {endpoint}.")
    if run.state != RunState.COMPLETE:
        raise DisputeNotPossible(gettext("Only what a complete run found can be objected to."))
    if check and not run.findings.filter(check_name=check).exists():
        raise DisputeNotPossible(f"The run has no finding {check!r}. Name one of its page, or none.")
    if Dispute.objects.filter(run=run, check_name=check, outcome="").exists():
        raise DisputeNotPossible(gettext("An objection to this is open already. Wait for its answer."))
    now = timezone.now()
    dispute = Dispute(
        endpoint=endpoint,
        run=run,
        check_name=check,
        certificate=live_certificate(endpoint.pk),
        organisation=organisation,
        objector=organisation.name,
        opened_by=user,
        statement=statement.strip(),
        evidence=evidence.strip(),
        opened=now,
        due=now + ANSWERED_WITHIN,
    )
    dispute.full_clean()
    dispute.save()
    audit.record("dispute.opened", dispute, organisation=organisation, by=user)
    _publish(dispute, "opened", f"{dispute.objector} objects")
    return dispute


@transaction.atomic
def answer_dispute(dispute_id: UUID, outcome: str, answer: str, by: User) -> Dispute:
    """The operator's answer, with its reasons. Raises DisputeNotPossible, ValidationError keyed by field.

    `corrected` supersedes the run: the board follows, a certificate that was doubted or suspended holds
    again, and the endpoint is measured anew.
    """
    dispute = _open(dispute_id)
    if outcome not in (DisputeOutcome.UPHELD, DisputeOutcome.CORRECTED):
        raise DisputeNotPossible(f"An answer is upheld or corrected, not {outcome!r}.")
    if not answer.strip():
        raise DisputeNotPossible("An answer gives its reasons.")
    _end(dispute, outcome, answer.strip(), by)
    audit.record("dispute.answered", dispute, by=by, details={"outcome": outcome})
    _publish(dispute, "answered", f"the objection of {dispute.objector} is {outcome}")
    if outcome == DisputeOutcome.CORRECTED:
        _supersede(dispute)
    return dispute


@transaction.atomic
def withdraw_dispute(dispute_id: UUID, user: User) -> Dispute:
    """The objector thinks better of it. Raises PermissionError and DisputeNotPossible."""
    dispute = _open(dispute_id)
    if dispute.organisation not in speakers(user, dispute.endpoint):
        raise PermissionError("Only who objected withdraws an objection.")
    _end(dispute, DisputeOutcome.WITHDRAWN, "", user)
    audit.record("dispute.withdrawn", dispute, organisation=dispute.organisation, by=user)
    _publish(dispute, "withdrawn", f"{dispute.objector} withdraws its objection")
    return dispute


def _open(dispute_id: UUID) -> Dispute:
    found = (
        Dispute.objects.select_for_update(of=("self",))
        .select_related("endpoint__model", "endpoint__provider", "run", "organisation")
        .get(pk=dispute_id)
    )
    if found.outcome:
        raise DisputeNotPossible(f"This objection has ended: it is {found.outcome}.")
    return found


def _end(dispute: Dispute, outcome: str, answer: str, by: User) -> None:
    dispute.outcome, dispute.answer, dispute.answered, dispute.answered_by = (
        outcome,
        answer,
        timezone.now(),
        by,
    )
    dispute.full_clean()
    dispute.save()


def _supersede(dispute: Dispute) -> None:
    endpoint = dispute.endpoint
    publish(endpoint.model_id)
    certificate = live_certificate(endpoint.pk)
    if certificate is not None and certificate.state in (State.WATCH, State.SUSPENDED):
        correct_certificate(certificate.pk, dispute.answer)
    transaction.on_commit(follow_up, robust=True)
    try:
        facts.queue_run(endpoint, trigger=DISPUTE)
    except facts.RunNotPossible as error:
        log.info("not measured anew", endpoint=str(endpoint.pk), reason=str(error))


def _publish(dispute: Dispute, what: str, words: str) -> None:
    endpoint = dispute.endpoint
    fact = dispute_fact(dispute)
    append_all([fact])
    with override(languages.ENGLISH):  # whoever objected in another language, the alert is for everybody
        path = reverse("disputes:dispute", args=[dispute.pk])
    about = {name: value for name, value in fact.body.items() if name not in ("endpoint", "model")}
    tell(
        f"dispute.{what}",
        endpoint,
        title=f"{endpoint.label}: {words}",
        text=f"{endpoint.label} ({endpoint.model.slug}): {words}.\n\n{dispute.answer or dispute.statement}",
        path=path,
        certificate=dispute.certificate,
        data={"dispute": about},
    )
