"""What is signed and logged of a certificate: its statement, each of its steps, and where it stands now."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from leaderboard.certification import State
from leaderboard.integrity import dsse
from leaderboard.integrity.facts import CERTIFICATE, certificate_fact
from leaderboard.integrity.statement import CertificateFacts, certificate_statement, status_statement
from leaderboard.models import Certificate, CertificateStep
from leaderboard.selectors.evidence import evidence_of
from leaderboard.selectors.transparency import log_history
from leaderboard.services.checkpoints import proof_of
from leaderboard.services.signing import signer
from leaderboard.services.transparency import append_all
from verifier.models import Run


def site(name: str, *arguments: object) -> str:
    """The whole address of a page, for what leaves the site."""
    return settings.SITE_URL + reverse(name, args=arguments)


def attest(certificate: Certificate) -> None:
    """Sign what the certificate's run found, as of now. Raises CredentialUnreadable."""
    assert certificate.run_id is not None, "a run grants it"
    run = Run.objects.select_related("baseline__reference").defer("baseline__data").get(pk=certificate.run_id)
    endpoint = certificate.endpoint
    result: dict[str, Any] = run.result or {}
    evidence = evidence_of(run.pk)
    assert run.ended is not None, "a complete run has ended"
    statement = certificate_statement(
        CertificateFacts(
            certificate=str(certificate.pk),
            verifier=f"{settings.SITE_URL}/",
            endpoint=str(endpoint.pk),
            label=endpoint.label,
            provider=endpoint.provider.slug,
            base_url=endpoint.base_url,
            upstream_model=endpoint.upstream_model,
            model=endpoint.model.slug,
            revision=run.baseline.reference.provenance or run.baseline.reference.label,
            verdict=run.verdict,
            grade=(result.get("grade") or {}).get("letter") or "",
            fidelity=result.get("fidelity"),
            k=result.get("k") or 0,
            evidence_level=result.get("evidence_level") or "",
            declaration=result["declaration"],
            versions=result["versions"],
            baseline=result["baseline"],
            runs=[str(run.pk)],
            evidence=[] if evidence is None else [evidence.digest],
            measured=run.ended,
            issued=timezone.now(),
            expires=certificate.expires,
            status=site("certificates:status", certificate.pk),
            private_attempts=certificate.private_attempts,
        )
    )
    certificate.document = dsse.sign(statement, signer())


def log_step(certificate: Certificate, step: CertificateStep) -> None:
    """Append the step to the transparency log, with the digest of the statement that it is about."""
    statement = None if certificate.document is None else f"sha256:{payload_sha256(certificate)}"
    append_all([certificate_fact(certificate, step, statement)])


def payload_sha256(certificate: Certificate) -> str:
    """The hex digest of the signed payload. The certificate has a document."""
    assert certificate.document is not None
    return hashlib.sha256(base64.b64decode(certificate.document["payload"])).hexdigest()


def certificate_document(certificate: Certificate) -> dict[str, Any] | None:
    """The certificate as it is handed out: the envelope, and beside it the proof that the log holds it.

    None for a certificate that was never granted.
    """
    if certificate.document is None:
        return None
    digest = f"sha256:{payload_sha256(certificate)}"
    entry = next(one for one in log_history(CERTIFICATE, str(certificate.pk)) if digest in one.leaf)
    return {**certificate.document, "log": proof_of(entry)}


def certificate_status(certificate: Certificate) -> dict[str, Any] | None:
    """Where it stands now, signed. None for a certificate that was never granted."""
    if certificate.document is None:
        return None
    last = CertificateStep.objects.filter(certificate=certificate).order_by("number").last()
    assert last is not None, "every certificate begins with a step"
    state = certificate.state
    if state in (State.CERTIFIED, State.WATCH) and timezone.now() >= certificate.expires:
        state = State.EXPIRED
    return dsse.sign(
        status_statement(
            certificate=str(certificate.pk),
            payload_sha256=payload_sha256(certificate),
            state=state,
            since=certificate.moved,
            reason=last.said,
            asked=timezone.now(),
        ),
        signer(),
    )
