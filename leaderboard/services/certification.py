"""Certificates: asked for, granted, doubted, suspended, ended. The only writer of their tables.

What happens is decided by leaderboard.certification alone; here its steps are written, logged, told, and
acted on. `review` may be called at any time, any number of times.
"""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from leaderboard import certification
from leaderboard.certification import SAID, VALID_FOR, Held, Reason, State, Step
from leaderboard.models import Certificate, CertificateStep
from leaderboard.selectors import certificates as known
from leaderboard.services.alerts import tell
from leaderboard.services.attesting import attest, log_step
from verifier import services as facts
from verifier.models import RECHECK, Endpoint
from verifier.selectors import open_run

TOLD = {
    State.CERTIFIED: "certified",
    State.WATCH: "its certificate is in doubt",
    State.SUSPENDED: "its certificate is suspended",
    State.REVOKED: "its certificate is revoked",
    State.EXPIRED: "its certificate has expired",
}

log = structlog.get_logger(__name__)


class CertificateNotPossible(Exception):
    """The certificate can't be asked for; the message says why and what to do."""


@transaction.atomic
def request_certificate(endpoint: Endpoint, *, private_attempts: int = 0) -> Certificate:
    """Ask for a certificate of a listed endpoint; the one that it has is returned as it is.

    It is granted at once where a fresh deep run found the endpoint faithful, else by the next one.
    Raises CertificateNotPossible.
    """
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if not endpoint.listed:
        raise CertificateNotPossible(f"{endpoint} is not listed. Publish it first.")
    alive = known.live_certificate(endpoint.pk)
    if alive is not None and alive.state != State.SUSPENDED:
        return alive
    now = timezone.now()
    if alive is not None:
        _write(alive, Step(State.REVOKED, Reason.WITHDRAWN, now, alive.expires))
    made = Certificate.objects.create(
        endpoint=endpoint, moved=now, expires=now + VALID_FOR, private_attempts=private_attempts
    )
    _record(made, "", Step(State.PENDING, Reason.REQUESTED, now, made.expires))
    _advance(made)
    return made


@transaction.atomic
def review(endpoint_id: UUID) -> Certificate | None:
    """Let the endpoint's certificate take the steps that follow from what is known by now."""
    found = (
        known.live_certificates()
        .select_for_update(of=("self",))
        .select_related("endpoint")
        .filter(endpoint=endpoint_id)
        .first()
    )
    if found is not None:
        _advance(found)
    return found


def review_all() -> int:
    """Review every certificate that has not ended; how many moved. One that fails disturbs no other."""
    moved = 0
    for endpoint_id, state, since in list(
        known.live_certificates().values_list("endpoint", "state", "moved")
    ):
        try:
            found = review(endpoint_id)
        except Exception:
            log.exception("review failed", endpoint=str(endpoint_id))
            continue
        moved += found is not None and (found.state, found.moved) != (state, since)
    return moved


@transaction.atomic
def end_certificate(certificate_id: UUID, reason: Reason, note: str = "") -> Certificate:
    """Revoke a certificate: `OPERATOR` or `WITHDRAWN`. `note` is published. Raises IllegalStep."""
    found = _locked(certificate_id)
    _write(found, Step(State.REVOKED, reason, timezone.now(), found.expires), note)
    return found


@transaction.atomic
def correct_certificate(certificate_id: UUID, note: str = "") -> Certificate:
    """An objection was right: what is doubted or suspended holds again. Raises IllegalStep."""
    found = _locked(certificate_id)
    if found.state not in (State.WATCH, State.SUSPENDED):
        raise certification.IllegalStep(f"A certificate that is {found.state} has nothing to correct.")
    _write(found, Step(State.CERTIFIED, Reason.CORRECTED, timezone.now(), found.expires), note)
    return found


def _advance(certificate: Certificate) -> None:
    while True:
        held = Held(State(certificate.state), certificate.moved, certificate.expires)
        about = known.facts_about(certificate, timezone.now())
        step = certification.next_step(held, about)
        if step is None:
            break
        _write(certificate, step)
    # A request has one run made; a doubt as many as it takes.
    if certificate.state == State.WATCH or (certificate.state == State.PENDING and not about.runs):
        _measure(certificate)


def _write(certificate: Certificate, step: Step, note: str = "") -> None:
    """Take one step and everything that goes with it."""
    was = State(certificate.state)
    certification.require(was, step.to)
    certificate.state, certificate.moved, certificate.expires = step.to, step.happened, step.expires
    if step.to is State.CERTIFIED:
        certificate.certified = certificate.certified or step.happened
        if step.run is not None:
            certificate.run_id = UUID(step.run)
            attest(certificate)
    certificate.save()
    _record(certificate, was, step, note)
    if step.to is State.CERTIFIED:
        facts.watch(certificate.endpoint)
    elif step.to in certification.ENDED:
        facts.unwatch(certificate.endpoint)


def _record(certificate: Certificate, was: str, step: Step, note: str = "") -> CertificateStep:
    log.info("certificate", certificate=str(certificate.pk), was=was, now=step.to, reason=step.reason)
    made = CertificateStep.objects.create(
        certificate=certificate,
        number=certificate.steps.count() + 1,
        was=was,
        now=step.to,
        reason=step.reason,
        said=f"{SAID[step.reason]} {note}".strip(),
        run_id=step.run and UUID(step.run),
        happened=step.happened,
        expires=step.expires,
    )
    log_step(certificate, made)
    if step.reason is not Reason.REQUESTED:
        _tell(certificate, made)
    return made


def _tell(certificate: Certificate, step: CertificateStep) -> None:
    endpoint = certificate.endpoint
    words = "renewed" if step.reason == Reason.RENEWED else TOLD[State(step.now)]
    tell(
        f"certificate.{step.now}",
        endpoint,
        title=f"{endpoint.label}: {words}",
        text=f"{endpoint.label} ({endpoint.model.slug}, by {endpoint.provider.name}): {words}. {step.said}",
        path=reverse("certificates:certificate", args=[certificate.pk]),
        certificate=certificate,
        data={
            "certificate": {
                "id": str(certificate.pk),
                "was": step.was,
                "state": step.now,
                "reason": step.reason,
                "expires": step.expires.isoformat(),
            },
            "run": None if step.run_id is None else str(step.run_id),
        },
    )


def _measure(certificate: Certificate) -> None:
    """What is asked for or doubted has a deep run of its own made, unless one is under way."""
    endpoint = certificate.endpoint
    if open_run(endpoint.pk) is not None:
        return
    try:
        facts.confirm_run(endpoint, trigger=RECHECK)
    except facts.RunNotPossible as error:
        log.info("not measured now", endpoint=str(endpoint.pk), reason=str(error))


def _locked(certificate_id: UUID) -> Certificate:
    return (
        Certificate.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=certificate_id)
    )
