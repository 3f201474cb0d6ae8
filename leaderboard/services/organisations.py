"""Organisations: founded, joined by invitation, left."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext

from leaderboard.digests import secret_digest
from leaderboard.models import Invitation, Membership, Organisation, Role
from leaderboard.services import audit
from verifier.models import Provider

INVITATION_DAYS = 7
MOST_ORGANISATIONS = 5
"""That one person may found: names are scarce."""


@transaction.atomic
def found_organisation(user: User, *, name: str, url: str = "") -> Organisation:
    """Found an organisation; the founder owns it. Raises ValidationError keyed by field."""
    name = " ".join(name.split())
    check_name(name)
    if Membership.objects.filter(user=user, role=Role.OWNER).count() >= MOST_ORGANISATIONS:
        raise ValidationError(
            {
                "name": gettext("You own %(n)s organisations already. Ask the operator for more.")
                % {"n": MOST_ORGANISATIONS}
            }
        )
    organisation = Organisation(name=name, slug=slugify(name)[:80], url=url)
    organisation.full_clean()
    organisation.save()
    Membership.objects.create(organisation=organisation, user=user, role=Role.OWNER)
    audit.record("organisation.founded", organisation, organisation=organisation, by=user)
    return organisation


def check_name(name: str) -> None:
    """Raise ValidationError, keyed `name`, for a name that is taken or could be read as another."""
    slug = slugify(name)[:80]
    if len(slug) < 2:
        raise ValidationError(
            {"name": gettext("A name has at least two letters or digits of the Latin alphabet.")}
        )
    if name != unicodedata.normalize("NFKC", name) or any(
        unicodedata.category(sign).startswith("C") for sign in name
    ):
        raise ValidationError(
            {"name": gettext("A name is plain text without invisible or look-alike characters.")}
        )
    taken = (
        Organisation.objects.filter(slug=slug).exists()
        or Organisation.objects.filter(name__iexact=name).exists()
    )
    if taken:
        raise ValidationError(
            {"name": gettext("An organisation of this name is here already. Ask its owner in.")}
        )
    if Provider.objects.filter(slug=slug).exists() or Provider.objects.filter(name__iexact=name).exists():
        raise ValidationError(
            {
                "name": gettext(
                    "A provider of this name is listed already. Found the organisation under its full "
                    "name and claim the endpoints: their origin proves whose they are."
                )
            }
        )


@transaction.atomic
def invite(organisation: Organisation, by: User, *, email: str, role: str) -> tuple[Invitation, str]:
    """Ask an address in; returns the invitation and the secret for its link, which is kept nowhere.

    An earlier invitation of the same address is replaced. Raises ValidationError keyed by field.
    """
    email = email.strip().lower()
    if Membership.objects.filter(organisation=organisation, user__email__iexact=email).exists():
        raise ValidationError({"email": gettext("This address belongs to a member already.")})
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.filter(organisation=organisation, email=email).first() or Invitation(
        organisation=organisation, email=email
    )
    invitation.role = role
    invitation.digest = secret_digest(secret)
    invitation.invited_by = by
    invitation.expires = timezone.now() + timedelta(days=INVITATION_DAYS)
    invitation.full_clean()
    invitation.save()
    return invitation, secret


@transaction.atomic
def accept_invitation(invitation: Invitation, user: User) -> Membership:
    """Join. Raises ValidationError where it has expired or was sent to another address."""
    if invitation.expires <= timezone.now():
        raise ValidationError(gettext("This invitation has expired. Ask for another one."))
    if invitation.email != user.email.lower():
        raise ValidationError(
            gettext("This invitation was sent to %(email)s. Sign in with that address.")
            % {"email": invitation.email}
        )
    member, _ = Membership.objects.get_or_create(
        organisation=invitation.organisation, user=user, defaults={"role": invitation.role}
    )
    organisation = invitation.organisation
    invitation.delete()
    audit.record("member.joined", organisation, organisation=organisation, by=user)
    return member


@transaction.atomic
def remove_member(membership: Membership, by: User) -> None:
    """Leave, or be sent away by an owner; the member's tokens of this organisation end too.

    Raises ValidationError for the last owner.
    """
    organisation = membership.organisation
    if membership.role == Role.OWNER and last_owner(membership):
        raise ValidationError(gettext("The last owner can't leave. Make another member an owner first."))
    membership.user.api_tokens.filter(organisation=organisation, revoked=None).update(revoked=timezone.now())
    membership.delete()
    audit.record("member.left", organisation, organisation=organisation, by=by)


def last_owner(membership: Membership) -> bool:
    """Whether nobody else owns the organisation."""
    owners = Membership.objects.select_for_update().filter(
        organisation=membership.organisation, role=Role.OWNER
    )
    return not [one for one in owners if one.pk != membership.pk]


@transaction.atomic
def change_role(membership: Membership, role: str, by: User) -> None:
    """Make a member an owner, or the other way. Raises ValidationError for the last owner."""
    if role not in Role.values:
        raise ValidationError(gettext("%(role)s is no role.") % {"role": repr(role)})
    if role != Role.OWNER and membership.role == Role.OWNER and last_owner(membership):
        raise ValidationError(gettext("The last owner stays one. Make another member an owner first."))
    membership.role = role
    membership.save(update_fields=["role"])
    organisation = membership.organisation
    audit.record("member.role", organisation, organisation=organisation, by=by, details={"role": role})
