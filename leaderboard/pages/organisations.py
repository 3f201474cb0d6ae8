"""An organisation's pages: its members and their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leaderboard import languages, selectors
from leaderboard.models import Membership, Role, Scope
from leaderboard.pages.private import of_members, of_owners, person, refused, signed_in
from leaderboard.services import organisations, tokens

LIFETIMES = (
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("a year")),
    ("", gettext_lazy("until it is revoked")),
)


def in_the_pages_language(choices: Sequence[tuple[str, str]]) -> list[tuple[str, Any]]:
    """Stored words, shown in the language of the page."""
    return [(value, gettext_lazy(label)) for value, label in choices]


class InvitationForm(forms.Form):
    """Whom to ask in."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=in_the_pages_language(Role.choices),
        initial=Role.MEMBER,
        help_text=gettext_lazy("An owner also says who is a member."),
    )


class TokenForm(forms.Form):
    """What a program may do."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("To recognise it by: CI, the router."),
    )
    scopes = forms.MultipleChoiceField(
        choices=in_the_pages_language(Scope.choices),
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("It may"),
        initial=[Scope.READ],
    )
    days = forms.ChoiceField(choices=LIFETIMES, required=False, initial="90", label=gettext_lazy("It lives"))


@of_members
@require_safe
def organisation(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Everything of one organisation that its members see."""
    return _organisation(request, membership, InvitationForm())


def _organisation(
    request: HttpRequest, membership: Membership, form: InvitationForm, status: int = 200
) -> HttpResponse:
    of = membership.organisation
    context = {
        "membership": membership,
        "organisation": of,
        "owner": membership.role == Role.OWNER,
        "members": selectors.members_of(of),
        "invitations": selectors.invitations_of(of),
        "tokens": selectors.tokens_of(membership.user, of),
        "submissions": selectors.submissions_of(of),
        "events": selectors.audit_of(of),
        "form": form,
    }
    return render(request, "account/organisation.html", context, status=status)


@of_owners
@require_POST
def invite(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Mail a link to somebody."""
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invitation, secret = organisations.invite(
                membership.organisation, person(request), **form.cleaned_data
            )
        except ValidationError as error:
            refused(form, error)
        else:
            link = settings.SITE_URL + languages.addresses("account:join", (secret,))[languages.ENGLISH]
            send_mail(
                f"[Assay] Join {membership.organisation}",
                f"You are invited to act for {membership.organisation} on Assay.\n\n"
                f"Sign in or sign up with this address, then open:\n{link}\n\n"
                f"The link works for {organisations.INVITATION_DAYS} days. If you did not expect it, "
                "nothing happens unless you open it.",
                None,
                [invitation.email],
                fail_silently=True,
            )
            messages.success(
                request, gettext("An invitation was sent to %(email)s.") % {"email": invitation.email}
            )
            return redirect("account:organisation", membership.organisation.slug)
    return _organisation(request, membership, form, 400)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of an invitation. Opening it does nothing yet."""
    found = selectors.invitation(secret)
    if found is None:
        raise Http404(gettext("This invitation was accepted or taken back."))
    if request.method == "POST":
        try:
            organisations.accept_invitation(found, person(request))
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            return redirect("account:organisation", found.organisation.slug)
    return render(request, "account/join.html", {"invitation": found})


@of_owners
@require_POST
def take_back(request: HttpRequest, membership: Membership, invitation_id: UUID) -> HttpResponse:
    """An invitation that is not to be accepted any more."""
    membership.organisation.invitations.filter(pk=invitation_id).delete()
    return redirect("account:organisation", membership.organisation.slug)


@of_members
@require_POST
def member(request: HttpRequest, membership: Membership, member_id: UUID) -> HttpResponse:
    """Leave; as an owner, also send somebody away or change their role."""
    of = membership.organisation
    other = selectors.member(of, member_id)
    if other is None or (other.pk != membership.pk and membership.role != Role.OWNER):
        raise Http404(gettext("There is no such member for you to change."))
    role = request.POST.get("role")
    if role and membership.role != Role.OWNER:
        raise Http404(gettext("Only an owner may do this."))
    try:
        if role:
            organisations.change_role(other, role, person(request))
        else:
            organisations.remove_member(other, person(request))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    if selectors.membership(person(request), of.slug) is None:
        return redirect("account:overview")
    return redirect("account:organisation", of.slug)


@of_members
@require_http_methods(["GET", "HEAD", "POST"])
def token(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Make a token. Its text is on the answer to the POST, and nowhere else."""
    form = TokenForm(request.POST or None, initial={"days": "90"})
    if form.is_valid():
        days = form.cleaned_data["days"]
        try:
            row, text = tokens.issue_token(
                membership.organisation,
                person(request),
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires=timezone.now() + timedelta(days=int(days)) if days else None,
            )
        except ValidationError as error:
            refused(form, error)
        else:
            context = {"organisation": membership.organisation, "token": row, "text": text}
            return render(request, "account/token_shown.html", context)
    context = {"organisation": membership.organisation, "form": form}
    return render(request, "account/token.html", context, status=400 if form.errors else 200)


@of_members
@require_POST
def revoke(request: HttpRequest, membership: Membership, token_id: UUID) -> HttpResponse:
    """End a token: one's own, or as an owner anybody's."""
    found = selectors.token(membership, token_id)
    if found is None:
        raise Http404(gettext("There is no such token for you to revoke."))
    tokens.revoke_token(found, person(request))
    messages.success(request, gettext("The token %(name)s is revoked.") % {"name": found.name})
    if request.POST.get("next") == "account":
        return redirect("account:overview")
    return redirect("account:organisation", membership.organisation.slug)
