"""A person's own pages: what they have, to see, to take along and to end."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from leaderboard import selectors
from leaderboard.pages.private import person, refused, signed_in
from leaderboard.services import organisations, personal


class OrganisationForm(forms.Form):
    """Who comes to be certified."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("As it is to stand on the boards."),
    )
    url = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        label=gettext_lazy("Web site"),
        help_text=gettext_lazy("Optional."),
    )


@signed_in
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Everything that this account is and has given out."""
    user = person(request)
    context = {
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "second_factor": is_mfa_enabled(user),
        "signed_in_with": SocialAccount.objects.filter(user=user),
        "sessions": UserSession.objects.filter(user=user).count(),
        "memberships": selectors.memberships_of(user),
        "tokens": selectors.tokens_of(user),
    }
    return render(request, "account/overview.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """Found an organisation."""
    form = OrganisationForm(request.POST or None)
    if form.is_valid():
        try:
            made = organisations.found_organisation(person(request), **form.cleaned_data)
        except ValidationError as error:
            refused(form, error)
        else:
            return redirect("account:organisation", made.slug)
    return render(request, "account/found.html", {"form": form}, status=400 if form.errors else 200)


@signed_in
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """All of it, as one JSON file."""
    response = JsonResponse(personal.export_account(person(request)), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'attachment; filename="assay-account.json"'
    return response


@signed_in
@reauthentication_required  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """The end of the account, after the password was asked for once more."""
    user = person(request)
    if request.method == "POST":
        try:
            personal.delete_account(user)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            logout(request)
            return redirect("pages:board")
    return render(request, "account/delete.html", {"obstacle": personal.why_not_deleted(user)})
