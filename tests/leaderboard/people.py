"""People and organisations for the tests of accounts."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client

from leaderboard.models import ApiToken, Membership, Organisation, Role, Scope
from leaderboard.services import organisations, tokens

PASSWORD = "a long enough phrase"


def user(email: str = "ada@example.org", *, staff: bool = False) -> User:
    """An account with a verified address."""
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found
    made = User.objects.create_user(email.partition("@")[0], email, PASSWORD, is_staff=staff)
    EmailAddress.objects.create(user=made, email=email, verified=True, primary=True)
    return made


def browser(of: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(of, backend="django.contrib.auth.backends.ModelBackend")
    return client


def signed_in(of: User) -> Client:
    """The same by the sign-in page, with the password asked for once more a moment ago."""
    client = Client()
    answer = client.post("/account/login/", {"login": of.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def organisation(name: str = "Example Inference", owner: User | None = None) -> Organisation:
    found = Organisation.objects.filter(name=name).first()
    return found or organisations.found_organisation(owner or user(), name=name)


def member(of: Organisation, email: str = "bea@example.org", role: str = Role.MEMBER) -> User:
    made = user(email)
    Membership.objects.create(organisation=of, user=made, role=role)
    return made


def token(
    of: Organisation, owner: User | None = None, scopes: Sequence[str] = Scope.values
) -> tuple[ApiToken, str]:
    return tokens.issue_token(of, owner or user(), name="a script", scopes=scopes)
