"""Submitting an endpoint: declared, proven, run in private, published."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leaderboard import selectors
from leaderboard.models import Membership, Organisation, Submission
from leaderboard.origins import file_url, origin_of, txt_name, txt_value
from leaderboard.pages.forms_submission import SubmissionForm, lists
from leaderboard.pages.private import View, person, refused, signed_in
from leaderboard.pages.refusals import translated
from leaderboard.pages.views import progress_of, run_context
from leaderboard.services import proofs
from leaderboard.services import submissions as services
from leaderboard.services.submissions import NotPossible
from verifier.models.states import IllegalTransition


def of_submission(view: Callable[..., HttpResponse]) -> View:
    """Only for members of the organisation that made the submission; there is no such page for others."""

    @wraps(view)
    def seen(request: HttpRequest, submission_id: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        found = selectors.submission(person(request), submission_id)
        if found is None:
            raise Http404(gettext("No submission of yours has this address."))
        return view(request, found, *args, **kwargs)

    return signed_in(seen)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    """What was submitted, and the form for another endpoint."""
    memberships = selectors.memberships_of(person(request))
    if not memberships:
        messages.info(request, gettext("An endpoint is submitted by an organisation. Found yours first."))
        return redirect("account:found")
    organisation = _chosen(request, memberships)
    form = SubmissionForm(request.POST or None)
    if form.is_valid():
        try:
            made = services.submit(organisation, person(request), form.declared())
        except ValidationError as error:
            refused(form, error)
        else:
            return redirect("submit:submission", made.pk)
    context = {
        "form": form,
        "organisation": organisation,
        "memberships": memberships,
        "submissions": selectors.submissions_of(organisation),
        **lists(),
    }
    return render(request, "submit/new.html", context, status=400 if form.errors else 200)


def _chosen(request: HttpRequest, memberships: list[Membership]) -> Organisation:
    """The organisation asked for among one's own, else the first."""
    slug = request.POST.get("organisation") or request.GET.get("organisation")
    found = next((one.organisation for one in memberships if one.organisation.slug == slug), None)
    if slug and found is None:
        raise Http404(gettext("No organisation of yours has this name."))
    return found or memberships[0].organisation


@of_submission
@require_safe
def submission(request: HttpRequest, found: Submission) -> HttpResponse:
    """One submission: where it stands, and what comes next."""
    endpoint, organisation = found.endpoint, found.organisation
    origin = origin_of(endpoint.base_url)
    pending, known = (
        selectors.pending_proof(organisation, origin),
        selectors.proof_of_origin(organisation, origin),
    )
    runs = list(selectors.private_runs(endpoint)[:50])
    context = {
        "submission": found,
        "endpoint": endpoint,
        "origin": origin,
        "proof": known,
        "pending": pending,
        "proven": known is not None and known.state == "proven",
        "fresh": selectors.has_fresh_proof(organisation, endpoint.base_url),
        "file_url": pending and file_url(pending.origin, pending.token),
        "txt_name": txt_name(origin),
        "txt_value": pending and txt_value(pending.value),
        "runs": runs,
        "attempts": selectors.private_attempts(endpoint.pk),
        "today": selectors.private_runs_today(endpoint.pk),
        "quota": services.PRIVATE_RUNS_A_DAY,
        "open_run": next((run for run in runs if run.state in selectors.OPEN), None),
    }
    return render(request, "submit/submission.html", context)


@of_submission
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, found: Submission) -> HttpResponse:
    """Say something else of the endpoint. The key is never shown; an empty field keeps it."""
    form = SubmissionForm(request.POST or None, initial=services.declared(found))
    if form.is_valid():
        try:
            services.edit(found, person(request), form.declared())
        except ValidationError as error:
            refused(form, error)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return redirect("submit:submission", found.pk)
    context = {"form": form, "submission": found, "endpoint": found.endpoint, **lists()}
    return render(request, "submit/edit.html", context, status=400 if form.errors else 200)


@of_submission
@require_POST
def prove(request: HttpRequest, found: Submission) -> HttpResponse:
    """Have the proof looked for, or begin one where none is pending or proven."""
    origin = origin_of(found.endpoint.base_url)
    proof = proofs.pursue(found.organisation, person(request), origin)
    if proof.asked is None and proof.checked is None:
        messages.info(request, gettext("Here is a new token. Put it in place, then have it looked for."))
    else:
        said = gettext("%(origin)s is being looked at. Reload this page in a few seconds.")
        messages.info(request, said % {"origin": origin})
    return redirect("submit:submission", found.pk)


class OriginForm(forms.Form):
    """An origin to prove before anything is moved there."""

    base_url = forms.CharField(label=gettext_lazy("Address"), max_length=500)


@of_submission
@require_POST
def prove_another(request: HttpRequest, found: Submission) -> HttpResponse:
    """Begin the proof of an origin that a published endpoint is to move to, or look for it."""
    form = OriginForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Give the address that the endpoint is to move to."))
        return redirect("submit:submission", found.pk)
    try:
        origin = origin_of(form.cleaned_data["base_url"])
    except ValidationError as error:
        messages.error(request, translated(error.messages[0]))
        return redirect("submit:submission", found.pk)
    proof = proofs.begin_proof(found.organisation, person(request), origin)
    proofs.ask_check(proof)
    context = {
        "submission": found,
        "origin": origin,
        "pending": proof,
        "file_url": file_url(origin, proof.token),
        "txt_name": txt_name(origin),
        "txt_value": txt_value(proof.value),
    }
    return render(request, "submit/another_origin.html", context)


@of_submission
@require_POST
def act(request: HttpRequest, found: Submission, what: str) -> HttpResponse:
    """One of the acts that a submission's page offers."""
    acts: dict[str, Callable[[Submission, Any], object]] = {
        "run": services.start_private_run,
        "publish": services.publish_submission,
        "delist": services.delist,
        "withdraw": services.withdraw,
    }
    if what not in acts:
        raise Http404(gettext("There is no such act."))
    try:
        acts[what](found, person(request))
    except (NotPossible, IllegalTransition) as error:
        messages.error(request, translated(str(error)))
    return redirect("submit:submission", found.pk)


@of_submission
@require_safe
def run(request: HttpRequest, found: Submission, run_id: UUID) -> HttpResponse:
    """A private run: its progress, then the full diagnosis with its evidence."""
    row = selectors.private_run(found, run_id)
    if row is None or not selectors.has_proven(found.organisation, found.endpoint.base_url):
        raise Http404(gettext("This submission has no such run."))
    return render(request, "submit/run.html", {**run_context(request, row), "submission": found})


@of_submission
@require_safe
def progress(request: HttpRequest, found: Submission, run_id: UUID) -> HttpResponse:
    """The part of that page that changes while the run lives."""
    row = selectors.private_run(found, run_id)
    if row is None or not selectors.has_proven(found.organisation, found.endpoint.base_url):
        raise Http404(gettext("This submission has no such run."))
    return progress_of(request, row, {"submission": found})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Ask to speak for an endpoint that the operator has listed."""
    endpoint = selectors.endpoint(endpoint_id)
    if endpoint is None:
        raise Http404(gettext("No endpoint of this address is listed."))
    memberships = selectors.memberships_of(person(request))
    if not memberships:
        return redirect("account:found")
    organisation = _chosen(request, memberships)
    if request.method == "POST":
        try:
            made = services.claim(organisation, person(request), endpoint)
        except NotPossible as error:
            messages.error(request, str(error))
        else:
            return redirect("submit:submission", made.pk)
    context = {"endpoint": endpoint, "memberships": memberships, "organisation": organisation}
    return render(request, "submit/claim.html", {**context, "origin": origin_of(endpoint.base_url)})
