"""The operator's desk: what is under way, what failed and why, what waits for an answer, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leaderboard import services
from leaderboard.certification import IllegalStep, Reason
from leaderboard.selectors.desk import desk as on_the_desk
from leaderboard.services import audit
from leaderboard.services.disputes import DisputeNotPossible
from verifier import services as facts
from verifier.models import Endpoint, IllegalTransition, Run

ACTS = "verifier.change_run"
"""The permission of whoever sits here."""


@never_cache
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Everything the operator has to look after."""
    _operator(request)
    now = timezone.now()
    context = {**admin.site.each_context(request), "title": "Desk", "desk": on_the_desk(now), "now": now}
    return render(request, "operator/desk.html", context)


@require_POST
def act(request: HttpRequest, what: str, which: UUID) -> HttpResponse:
    """One act on one thing, by the operator; what came of it is said on the desk."""
    operator = _operator(request)
    if what not in _ACTS:
        raise Http404("There is no such act.")
    try:
        said = _ACTS[what](which, request, operator)
    except ObjectDoesNotExist:
        raise Http404("It is not there any more.") from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except (facts.RunNotPossible, IllegalTransition, IllegalStep, DisputeNotPossible) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("desk:desk")


def _rerun(which: UUID, request: HttpRequest, operator: User) -> str:
    run = Run.objects.select_related("endpoint__model").get(pk=which)
    again = facts.queue_run(run.endpoint, private=run.private, blind=run.blind)
    audit.record("run.queued", again, by=operator, details={"instead_of": str(which)})
    return f"A run of {run.endpoint} is queued."


def _cancel(which: UUID, request: HttpRequest, operator: User) -> str:
    run = facts.cancel_run(which)
    audit.record("run.cancelled", run, by=operator)
    return f"The run of {run.endpoint} is cancelled."


def _replay(which: UUID, request: HttpRequest, operator: User) -> str:
    services.replay(which)
    return "It is sent once more."


def _answer(which: UUID, request: HttpRequest, operator: User) -> str:
    outcome, answer = request.POST.get("outcome", ""), request.POST.get("answer", "")
    found = services.answer_dispute(which, outcome, answer, operator)
    return f"The objection of {found.objector} is {found.outcome}; your answer is public."


def _revoke(which: UUID, request: HttpRequest, operator: User) -> str:
    note = request.POST.get("note", "").strip()
    if not note:
        raise IllegalStep("A certificate is revoked with a reason that everybody can read.")
    found = services.end_certificate(which, Reason.OPERATOR, note)
    audit.record("certificate.revoked", found, by=operator, details={"note": note})
    return f"The certificate of {found.endpoint} is revoked."


def _list(which: UUID, request: HttpRequest, operator: User) -> str:
    endpoint = Endpoint.objects.get(pk=which)
    endpoint.listed = True
    facts.save_endpoint(endpoint)
    audit.record("endpoint.listed", endpoint, by=operator)
    return f"{endpoint} is listed."


_ACTS: dict[str, Callable[[UUID, HttpRequest, User], str]] = {
    "rerun": _rerun,
    "cancel": _cancel,
    "replay": _replay,
    "answer": _answer,
    "revoke": _revoke,
    "list": _list,
}


def _operator(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not request.user.has_perm(ACTS):
        raise PermissionDenied
    return request.user
