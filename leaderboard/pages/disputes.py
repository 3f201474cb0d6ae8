"""Objections: all of them in public, made by who speaks for the endpoint."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leaderboard import selectors, services
from leaderboard.models import Dispute
from leaderboard.pages import words
from leaderboard.selectors import disputes as known
from leaderboard.services.disputes import DisputeNotPossible
from verifier.models import Run, RunState


class ObjectionForm(forms.Form):
    """What is wrong, and what shows it. All of it is published."""

    check = forms.ChoiceField(label=gettext_lazy("What it is about"), required=False)
    statement = forms.CharField(
        label=gettext_lazy("What is wrong"), max_length=5000, widget=forms.Textarea(attrs={"rows": 6})
    )
    evidence = forms.CharField(
        label=gettext_lazy("What shows it"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, run: Run, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = run.findings.order_by("id").values_list("check_name", flat=True)
        field = self.fields["check"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", gettext("The verdict")),
            *((name, words.disputed(name).replace("_", " ")) for name in names),
        ]


@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """Every objection, open ones first."""
    context = {"nav": "methodology", "disputes": known.disputes(), "now": timezone.now()}
    return render(request, "pages/disputes.html", context)


@never_cache
@require_safe
def dispute(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """One objection, its clock and its answer."""
    found = _found(dispute_id)
    context = {
        "nav": "methodology",
        "dispute": found,
        "endpoint": found.endpoint,
        "overdue": not found.outcome and timezone.now() > found.due,
        "may_withdraw": not found.outcome
        and found.organisation in known.speakers(request.user, found.endpoint),
        "now": timezone.now(),
    }
    return render(request, "pages/dispute.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Object to a run. Refused to whoever does not speak for its endpoint."""
    run = selectors.run(run_id)
    if run is None or run.state != RunState.COMPLETE:
        raise Http404(gettext("No complete run of this address is public."))
    spoken = known.speakers(request.user, run.endpoint)
    if not spoken:
        raise PermissionDenied
    form = ObjectionForm(run, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_dispute(run, _person(request), spoken[0], **form.cleaned_data)
        except DisputeNotPossible as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("disputes:dispute", made.pk)
    context = {"nav": "", "run": run, "endpoint": run.endpoint, "form": form, "organisation": spoken[0]}
    status = 400 if request.method == "POST" else 200
    return render(request, "pages/object.html", context, status=status)


@require_POST
def withdraw(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Withdraw an objection. Refused to whoever does not speak for its endpoint."""
    found = _found(dispute_id)
    try:
        services.withdraw_dispute(found.pk, _person(request))
    except PermissionError:
        raise PermissionDenied from None
    except DisputeNotPossible:
        pass  # it has ended meanwhile, and its page says how
    return redirect("disputes:dispute", found.pk)


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _found(dispute_id: UUID) -> Dispute:
    found = known.dispute(dispute_id)
    if found is None:
        raise Http404(gettext("No objection of this address is public."))
    return found
