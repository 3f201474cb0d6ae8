"""API tokens: made, found again, revoked."""

from __future__ import annotations

import hmac
import re
import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from leaderboard.digests import secret_digest
from leaderboard.models import ApiToken, Membership, Organisation, Scope
from leaderboard.services import audit

_SIGNS = string.ascii_lowercase + string.digits
_SHAPE = re.compile(r"assay_([a-z0-9]{12})_[A-Za-z0-9_-]{43}\Z")
USED_SECONDS = 60
"""How exactly `last_used` is kept: a poll a second is not a write a second."""
MOST_TOKENS = 50
_NOBODY = secret_digest("")


@transaction.atomic
def issue_token(
    organisation: Organisation,
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    expires: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; returns its row and its text, which is kept nowhere. Raises ValidationError by field."""
    if not scopes or set(scopes) - set(Scope.values):
        raise ValidationError({"scopes": gettext("Choose what the token may do.")})
    if expires is not None and expires <= timezone.now():
        raise ValidationError({"expires": gettext("This lies in the past.")})
    if ApiToken.objects.filter(organisation=organisation, revoked=None).count() >= MOST_TOKENS:
        raise ValidationError(
            {"name": gettext("There are %(n)s tokens already. Revoke one first.") % {"n": MOST_TOKENS}}
        )
    prefix = "".join(secrets.choice(_SIGNS) for _ in range(12))
    text = f"assay_{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiToken(
        organisation=organisation,
        user=user,
        name=" ".join(name.split()),
        prefix=prefix,
        digest=secret_digest(text),
        scopes=sorted(set(scopes)),
        expires=expires,
    )
    row.full_clean()
    row.save()
    audit.record("token.issued", row, organisation=organisation, by=user, details={"scopes": row.scopes})
    return row, text


def find_token(text: str) -> ApiToken | None:
    """The live token of this text, compared in constant time; None for whatever else.

    It lives while it is neither revoked nor expired, its maker's account is active and its maker is a
    member of the organisation.
    """
    match = _SHAPE.match(text)
    row = (
        ApiToken.objects.select_related("organisation__provider", "user").filter(prefix=match[1]).first()
        if match
        else None
    )
    same = hmac.compare_digest(secret_digest(text), row.digest if row else _NOBODY)
    if row is None or not same or not row.user.is_active:
        return None
    now = timezone.now()
    if row.revoked is not None or (row.expires is not None and row.expires <= now):
        return None
    if not Membership.objects.filter(organisation=row.organisation_id, user=row.user_id).exists():
        return None
    if row.last_used is None or now - row.last_used > timedelta(seconds=USED_SECONDS):
        ApiToken.objects.filter(pk=row.pk).update(last_used=now)
    return row


@transaction.atomic
def revoke_token(token: ApiToken, by: User) -> None:
    """End a token at once. Ending it twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked=None).update(revoked=timezone.now()):
        audit.record("token.revoked", token, organisation=token.organisation, by=by)
