"""A person's own data: everything that is kept of them, to take along, and its end."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from leaderboard.models import AuditEvent, Invitation, Membership, OwnershipProof, Role, Submission
from leaderboard.services import audit
from verifier import services as facts
from verifier.models import Endpoint


def export_account(user: User) -> dict[str, Any]:
    """Everything that is kept of this person, as JSON-ready data. No secret is among it."""
    return {
        "account": {
            "email": user.email,
            "joined": _text(user.date_joined),
            "last_login": _text(user.last_login),
        },
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "signed_in_with": _rows(SocialAccount.objects.filter(user=user), "provider", "uid", "date_joined"),
        "second_factors": _rows(Authenticator.objects.filter(user=user), "type", "created_at"),
        "sessions": _rows(
            UserSession.objects.filter(user=user), "created_at", "last_seen_at", "ip", "user_agent"
        ),
        "organisations": _rows(
            Membership.objects.filter(user=user),
            "organisation__slug",
            "organisation__name",
            "role",
            "created",
        ),
        "invitations": _rows(
            Invitation.objects.filter(email__iexact=user.email), "organisation__slug", "role", "expires"
        ),
        "api_tokens": _rows(
            user.api_tokens.all(), "name", "prefix", "scopes", "created", "expires", "last_used", "revoked"
        ),
        "submissions": _rows(
            Submission.objects.filter(submitted_by=user),
            "id",
            "organisation__slug",
            "endpoint",
            "state",
            "created",
        ),
        "ownership_proofs": _rows(
            OwnershipProof.objects.filter(started_by=user), "organisation__slug", "origin", "state", "created"
        ),
        "acts": _rows(
            AuditEvent.objects.filter(actor=user), "at", "action", "subject_kind", "subject_id", "details"
        ),
    }


def _rows(found: Any, *names: str) -> list[dict[str, Any]]:
    return [{name: _text(value) for name, value in row.items()} for row in found.values(*names)]


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool | list | dict) else str(value)


def why_not_deleted(user: User) -> str | None:
    """What has to be done before this account can be deleted, or None."""
    if user.is_staff:
        return gettext(
            "An operator's account is taken away by another operator, so that the desk is never empty."
        )
    for membership in Membership.objects.filter(user=user, role=Role.OWNER).select_related("organisation"):
        others = Membership.objects.filter(organisation=membership.organisation).exclude(user=user)
        if others.exists() and not others.filter(role=Role.OWNER).exists():
            said = gettext("You are the last owner of %(name)s. Make another member an owner first.")
            return said % {"name": membership.organisation}
    return None


@transaction.atomic
def delete_account(user: User) -> None:
    """Delete a person: account, addresses, sessions, tokens, and what they alone were a member of.

    Published facts stay, without the person. An organisation that is left without members keeps its name,
    since its endpoints stand under it, but none of its keys. Raises ValidationError as `why_not_deleted`.
    """
    if reason := why_not_deleted(user):
        raise ValidationError(reason)
    for membership in Membership.objects.filter(user=user).select_related("organisation"):
        organisation = membership.organisation
        if Membership.objects.filter(organisation=organisation).exclude(user=user).exists():
            continue
        for endpoint in Endpoint.objects.filter(submissions__organisation=organisation):
            facts.remove_credential(endpoint)
        audit.record("organisation.left_empty", organisation, organisation=organisation)
        if organisation.provider_id is None and not organisation.submissions.exists():
            organisation.delete()
    Invitation.objects.filter(email__iexact=user.email).delete()
    user.delete()
