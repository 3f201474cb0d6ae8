from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from leaderboard.models import ApiToken, AuditEvent, Membership, Scope
from leaderboard.services import tokens
from tests.leaderboard import people

pytestmark = pytest.mark.django_db


def test_a_token_is_kept_as_a_hash_and_found_by_its_prefix() -> None:
    row, text = people.token(people.organisation(), scopes=[Scope.READ])
    kept = ApiToken.objects.values().get()
    secret = text.rsplit("_", 1)[-1]
    assert text.startswith(f"assay_{row.prefix}_")
    assert len(text) == 62
    assert secret not in str(kept)
    found = tokens.find_token(text)
    assert found is not None
    assert (found.pk, found.scopes) == (row.pk, ["read"])
    assert ApiToken.objects.get().last_used is not None


def test_every_other_text_finds_nothing() -> None:
    row, text = people.token(people.organisation())
    end = "A" if text[-1] != "A" else "B"
    for other in (
        "",
        "assay_",
        text[:-1],
        text[:-1] + end,
        text + "x",
        text.upper(),
        f" {text}",
        text + "\n",
    ):
        assert tokens.find_token(other) is None, other
    another, _ = people.token(people.organisation())
    assert tokens.find_token(text.replace(row.prefix, another.prefix)) is None


def test_it_ends_when_revoked_expired_or_its_maker_is_gone() -> None:
    organisation, ada = people.organisation(), people.user()
    row, text = people.token(organisation)
    tokens.revoke_token(row, ada)
    tokens.revoke_token(row, ada)
    assert tokens.find_token(text) is None
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1
    soon = timezone.now() + timedelta(hours=1)
    row, text = tokens.issue_token(organisation, ada, name="CI", scopes=["read"], expires=soon)
    assert tokens.find_token(text)
    ApiToken.objects.filter(pk=row.pk).update(expires=timezone.now())
    assert tokens.find_token(text) is None
    row, text = people.token(organisation)
    ada.is_active = False
    ada.save()
    assert tokens.find_token(text) is None
    ada.is_active = True
    ada.save()
    assert tokens.find_token(text)
    Membership.objects.filter(user=ada).delete()
    assert tokens.find_token(text) is None


def test_use_is_noted_once_a_minute() -> None:
    row, text = people.token(people.organisation())
    tokens.find_token(text)
    first = ApiToken.objects.get().last_used
    tokens.find_token(text)
    assert ApiToken.objects.get().last_used == first
    ApiToken.objects.filter(pk=row.pk).update(last_used=timezone.now() - timedelta(minutes=2))
    tokens.find_token(text)
    assert ApiToken.objects.get().last_used != first


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "everything"]}, "scopes"),
        ({"name": "   "}, "name"),
        ({"expires": timezone.now() - timedelta(days=1)}, "expires"),
    ],
)
def test_what_is_wrong_is_told_by_field(wrong: dict[str, object], field: str) -> None:
    fields = {"name": "CI", "scopes": ["read"], **wrong}
    with pytest.raises(ValidationError) as refused:
        tokens.issue_token(people.organisation(), people.user(), **fields)  # type: ignore[arg-type]
    assert list(refused.value.message_dict) == [field]
    assert not ApiToken.objects.exists()
