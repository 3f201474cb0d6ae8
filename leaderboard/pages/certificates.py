"""A certificate's public page, its signed document, and where it stands."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_safe

from leaderboard import services
from leaderboard.certification import HOLDS, State
from leaderboard.models import Certificate
from leaderboard.selectors import certificates as known

TONES = {
    State.PENDING: "quiet",
    State.CERTIFIED: "faithful",
    State.WATCH: "deviating",
    State.SUSPENDED: "different",
    State.REVOKED: "different",
    State.EXPIRED: "quiet",
}
LEADS = {
    State.PENDING: noop("It was asked for and is not granted yet."),
    State.CERTIFIED: noop("It holds: the endpoint serves the released weights as far as could be measured."),
    State.WATCH: noop("It holds, with a doubt: an independent deep run is to tell whether anything changed."),
    State.SUSPENDED: noop("It does not hold: a deep run confirmed a deviation."),
    State.REVOKED: noop("It does not hold any more."),
    State.EXPIRED: noop("It is over: its evidence is too old."),
}


@require_safe
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """One certificate: where it stands, on what, and every step of its life with its reason."""
    found = _found(certificate_id)
    state = State(found.state)
    return render(
        request,
        "pages/certificate.html",
        {
            "nav": "models",
            "certificate": found,
            "endpoint": found.endpoint,
            "tone": TONES[state],
            "lead": gettext(LEADS[state]),
            "holds": state in HOLDS,
            "steps": list(found.steps.all())[::-1],
            "now": timezone.now(),
        },
    )


@require_safe
def document(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """The signed statement with the log's proof, as `assay` and anybody else checks it."""
    return _signed(services.certificate_document(_found(certificate_id)))


@require_safe
def status(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """Where the certificate stands now, signed: the address that its statement names."""
    return _signed(services.certificate_status(_found(certificate_id)))


def _signed(envelope: dict[str, object] | None) -> HttpResponse:
    if envelope is None:
        raise Http404("This certificate was never granted.")
    response = JsonResponse(envelope)
    response["Cache-Control"] = "no-store"
    return response


def _found(certificate_id: UUID) -> Certificate:
    found = known.certificate(certificate_id)
    if found is None:
        raise Http404(gettext("No certificate of this address is public."))
    return found
