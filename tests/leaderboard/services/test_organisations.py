from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from leaderboard.models import Invitation, Membership, Organisation, Role
from leaderboard.services import organisations, tokens
from tests.leaderboard import factories, people

pytestmark = pytest.mark.django_db


def test_the_founder_owns_it() -> None:
    ada = people.user()
    made = organisations.found_organisation(ada, name="  Example   Inference ")
    assert (made.name, made.slug) == ("Example Inference", "example-inference")
    assert Membership.objects.get().role == Role.OWNER


@pytest.mark.parametrize(
    "name",
    [
        "",
        "!",
        "Example Inference",
        "EXAMPLE inference!",
        "Test laboratory",
        "test-lab",
        "Ex\u200bample",
        "Ｅxample",
    ],
)
def test_names_that_are_taken_or_mislead_are_refused(name: str) -> None:
    factories.provider()
    people.organisation("Example Inference")
    with pytest.raises(ValidationError) as refused:
        organisations.found_organisation(people.user("eve@example.org"), name=name)
    assert list(refused.value.message_dict) == ["name"]
    assert Organisation.objects.count() == 1


def test_nobody_founds_without_bound() -> None:
    for number in range(organisations.MOST_ORGANISATIONS):
        people.organisation(f"Number {number}")
    with pytest.raises(ValidationError, match="own 5"):
        organisations.found_organisation(people.user(), name="One more")


def test_an_invitation_is_for_one_address_and_a_week() -> None:
    organisation, ada, bea = people.organisation(), people.user(), people.user("bea@example.org")
    invitation, secret = organisations.invite(organisation, ada, email="Bea@example.org", role="member")
    assert secret not in str(Invitation.objects.values().get())
    with pytest.raises(ValidationError, match="sent to"):
        organisations.accept_invitation(invitation, people.user("eve@example.org"))
    Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    invitation.refresh_from_db()
    with pytest.raises(ValidationError, match="expired"):
        organisations.accept_invitation(invitation, bea)
    invitation, again = organisations.invite(organisation, ada, email="bea@example.org", role="member")
    assert Invitation.objects.count() == 1
    assert again != secret
    assert organisations.accept_invitation(invitation, bea).role == Role.MEMBER
    assert not Invitation.objects.exists()
    with pytest.raises(ValidationError, match="member already"):
        organisations.invite(organisation, ada, email="bea@example.org", role="member")


def test_the_last_owner_stays() -> None:
    organisation, ada = people.organisation(), people.user()
    bea = people.member(organisation)
    owner = Membership.objects.get(user=ada)
    with pytest.raises(ValidationError, match="last owner"):
        organisations.remove_member(owner, ada)
    with pytest.raises(ValidationError, match="last owner"):
        organisations.change_role(owner, Role.MEMBER, ada)
    organisations.change_role(Membership.objects.get(user=bea), Role.OWNER, ada)
    organisations.remove_member(owner, ada)
    assert [one.user for one in organisation.memberships.all()] == [bea]


def test_who_leaves_takes_no_token_along() -> None:
    organisation = people.organisation()
    bea = people.member(organisation)
    _, text = people.token(organisation, bea)
    assert tokens.find_token(text)
    organisations.remove_member(Membership.objects.get(user=bea), people.user())
    assert tokens.find_token(text) is None
    Membership.objects.create(organisation=organisation, user=bea)
    assert tokens.find_token(text) is None, "coming back does not bring it back"
