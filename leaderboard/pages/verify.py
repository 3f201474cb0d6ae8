"""`/verify/`: paste or name a certificate, see whether it holds; and the keys to check it without us."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leaderboard import services
from leaderboard.models import Certificate
from leaderboard.pages import answers
from leaderboard.selectors import certificates as known
from verifier.certificate import MAX_BYTES, Answer, State, check
from verifier.evidence import attested

TONES = {
    State.VALID: "faithful",
    State.EXPIRED: "quiet",
    State.NOT_YET_VALID: "quiet",
    State.SUSPENDED: "different",
    State.REVOKED: "different",
}
WORDS = {
    State.VALID: noop("Valid"),
    State.EXPIRED: noop("Expired"),
    State.NOT_YET_VALID: noop("Not yet valid"),
    State.REVOKED: noop("Revoked"),
    State.SUSPENDED: noop("Suspended"),
    State.NOT_IN_LOG: noop("Not in the log"),
    State.ALTERED: noop("Altered"),
    State.UNKNOWN_KEY: noop("Not ours"),
    State.UNREADABLE: noop("Not readable"),
}
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as the page shows it, all of it harmless to look at."""

    word: str
    tone: str
    reason: str
    notes: tuple[str, ...]
    rows: dict[str, str]
    certificate: Certificate | None


# Nothing is written and nobody is known here: without the token no cookie is needed, and what is too large to
# be a form still gets an answer.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The form, and below it what a pasted, sent or named certificate is."""
    name = request.GET.get("certificate", "").strip()
    answer, found = None, None
    if request.method == "POST":
        answer, found = _of_document(request)
    elif name:
        answer, found = _named(name)
    context = {
        "nav": "verify",
        "name": name[:200],
        "shown": None if answer is None else _shown(answer, found),
        "site": settings.SITE_URL,
        "keys": settings.SITE_URL + reverse("integrity:keys"),
        "now": timezone.now(),
    }
    response = render(request, "pages/verify.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The published keys: a JWK set, for everybody's programs."""
    response = HttpResponse(json.dumps(services.published_keys()), content_type="application/jwk-set+json")
    response["Cache-Control"] = "public, max-age=3600"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _of_document(request: HttpRequest) -> tuple[Answer, Certificate | None]:
    large = Answer(State.UNREADABLE, f"It is larger than {MAX_BYTES // 2**20} MB: it was not read.")
    try:
        sent = request.FILES.get("file")
        pasted = request.POST.get("document", "")
    except RequestDataTooBig:
        return large, None
    except MultiPartParserError:
        return Answer(State.UNREADABLE, "The form did not arrive whole."), None
    if sent is not None:
        return (large, None) if (sent.size or 0) > MAX_BYTES else _checked(sent.read())
    return _checked(pasted.strip().encode("utf-8", "replace"))


def _named(name: str) -> tuple[Answer, Certificate | None]:
    """By the id in what was typed: an address of this site, or the id itself. No address is fetched."""
    spelled = _ID.search(name)
    found = known.certificate(UUID(spelled[0])) if spelled else None
    document = None if found is None else services.certificate_document(found)
    if document is None:
        return Answer(State.UNREADABLE, "No certificate of this name is public here."), None
    return _checked(json.dumps(document).encode())


def _checked(document: bytes) -> tuple[Answer, Certificate | None]:
    """The answer, with where the certificate stands now if it is one of ours."""
    published = json.dumps(services.published_keys()).encode()
    answer = check(document, published, now=timezone.now())
    found = _ours(answer)
    status = None if found is None else services.certificate_status(found)
    if status is not None:
        answer = check(document, published, now=timezone.now(), status=json.dumps(status).encode())
    return answer, found


def _ours(answer: Answer) -> Certificate | None:
    if answer.attested is None:
        return None
    name = str(answer.attested["predicate"]["assay"].get("certificate"))
    return known.certificate(UUID(name)) if _ID.fullmatch(name) else None


def _shown(answer: Answer, found: Certificate | None) -> Shown:
    rows = {} if answer.attested is None else attested.rows(answer.attested)
    return Shown(
        word=gettext(WORDS[answer.state]),
        tone=TONES.get(answer.state, "deviating"),
        reason=answers.told(answer.reason),
        notes=tuple(map(answers.told, answer.notes)),
        rows={answers.row(name): answers.value(name, text) for name, text in rows.items()},
        certificate=found,
    )
