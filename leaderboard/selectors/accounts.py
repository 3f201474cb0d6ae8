"""What the pages of accounts and organisations read. Nobody reads what is another's."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from leaderboard.digests import secret_digest
from leaderboard.models import ApiToken, AuditEvent, Invitation, Membership, Organisation


def memberships_of(user: User) -> list[Membership]:
    """Every organisation this person acts for, with their role. One query."""
    found = Membership.objects.filter(user=user).select_related("organisation")
    return list(found.order_by("organisation__name"))


def membership(user: User, slug: str) -> Membership | None:
    """This person's membership of the organisation, with its provider; None for strangers. One query."""
    found = Membership.objects.select_related("organisation__provider", "user")
    return found.filter(user=user, organisation__slug=slug).first()


def member(organisation: Organisation, membership_id: UUID) -> Membership | None:
    """One member, by the id of the membership. One query."""
    found = Membership.objects.select_related("organisation", "user")
    return found.filter(pk=membership_id, organisation=organisation).first()


def members_of(organisation: Organisation) -> list[Membership]:
    """One query."""
    found = Membership.objects.filter(organisation=organisation).select_related("user", "organisation")
    return list(found.order_by("created"))


def invitations_of(organisation: Organisation) -> list[Invitation]:
    """Those that may still be accepted. One query."""
    return list(Invitation.objects.filter(organisation=organisation, expires__gt=timezone.now()))


def invitation(secret: str) -> Invitation | None:
    """The invitation that this link leads to. One query."""
    return Invitation.objects.select_related("organisation").filter(digest=secret_digest(secret)).first()


def tokens_of(user: User, organisation: Organisation | None = None) -> QuerySet[ApiToken]:
    """This person's tokens that were not revoked; of one organisation, everybody's."""
    found = ApiToken.objects.filter(revoked=None).select_related("organisation", "user")
    return found.filter(user=user) if organisation is None else found.filter(organisation=organisation)


def token(membership: Membership, token_id: UUID) -> ApiToken | None:
    """A token that this member may revoke: their own, and an owner everybody's."""
    found = ApiToken.objects.select_related("organisation").filter(
        pk=token_id, organisation=membership.organisation_id
    )
    return (found if membership.role == "owner" else found.filter(user=membership.user_id)).first()


def audit_of(organisation: Organisation, limit: int = 50) -> list[AuditEvent]:
    """What this organisation did last, newest first. One query."""
    return list(AuditEvent.objects.filter(organisation=organisation).select_related("actor")[:limit])
