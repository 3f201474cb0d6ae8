"""Who gets in: a walk over the whole URL map. What is not named open here refuses strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from uuid_utils.compat import uuid7

from tests.leaderboard import people

pytestmark = pytest.mark.django_db

OPEN = {"alerts", "api", "certificates", "integrity", "legal", "pages"}
"""Namespaces that anybody reads; what the API writes takes a token (tests/leaderboard/api)."""
ENTRANCES = {
    "account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "account_email_verification_sent", "account_confirm_email", "account_confirm_login_code",
    "mfa_authenticate", "socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup",
}  # fmt: skip
"""Where nobody can be signed in yet."""
PUBLIC_PAGES = {"disputes:disputes", "disputes:dispute"}
"""Open pages among guarded ones."""
WORDS = {"slug": "example-inference", "secret": "x" * 43, "token": "x" * 43, "key": "x", "uidb36": "1"}


def routes(
    patterns: list[URLPattern | URLResolver], prefix: str = "", space: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, str]]:
    """(namespace, name, address) of every route, with made-up values in its places."""
    for one in patterns:
        text = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = (*space, one.namespace) if one.namespace else space
            yield from routes(one.url_patterns, text, inner)
            continue
        text = re.sub(r"<uuid:\w+>", str(uuid7()), text)
        text = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: WORDS.get(match[1], "1"), text)
        text = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda match: WORDS.get(match[1], "1"), text)
        yield ":".join(space), one.name or "", "/" + re.sub(r"[\^$\\?]|\\Z", "", text)


def guarded() -> list[tuple[str, str]]:
    found = []
    for space, name, address in routes(get_resolver().url_patterns):
        if space.partition(":")[0] in OPEN or name in ENTRANCES or f"{space}:{name}" in PUBLIC_PAGES:
            continue
        if address.startswith(f"/{settings.ADMIN_PATH}") or address.startswith("/account/social/"):
            continue
        found.append((name, address))
    return found


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    cache.clear()


def test_the_walk_finds_the_pages_of_accounts() -> None:
    names = {name for name, _ in guarded()}
    assert {"overview", "organisation", "revoke", "mfa_index", "account_email", "usersessions_list"} <= names


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_led_to_the_sign_in_page(method: str, client: Client) -> None:
    people.organisation()
    for name, address in guarded():
        answer = getattr(client, method)(address)
        if not address.startswith(("/account/", "/submit/")) and answer.status_code in (403, 404, 405):
            continue
        assert answer.status_code == 302, (name, address, answer.status_code)
        assert answer["Location"].startswith("/account/login/?next="), (name, address)
        assert "public" not in answer.get("Cache-Control", "")


@pytest.mark.parametrize("method", ["get", "post"])
def test_for_the_wrong_people_an_organisation_has_no_pages(method: str) -> None:
    people.organisation()
    foreign = people.browser(people.user("eve@example.org"))
    of_one = [(name, address) for name, address in guarded() if "example-inference" in address]
    assert len(of_one) >= 6
    for name, address in of_one:
        assert getattr(foreign, method)(address).status_code in (404, 405), (name, address)


def test_a_plain_member_does_not_do_what_owners_do() -> None:
    organisation = people.organisation()
    bea = people.browser(people.member(organisation))
    owner = organisation.memberships.get(role="owner")
    base = "/account/organisations/example-inference"
    for address, data in (
        (f"{base}/invite/", {"email": "x@example.org", "role": "owner"}),
        (f"{base}/invitations/{uuid7()}/", {}),
        (f"{base}/members/{owner.pk}/", {}),
        (f"{base}/members/{owner.pk}/", {"role": "member"}),
        (f"{base}/members/{organisation.memberships.get(role='member').pk}/", {"role": "owner"}),
    ):
        assert bea.post(address, data).status_code == 404, (address, data)
    row, _ = people.token(organisation)
    assert bea.post(f"{base}/tokens/{row.pk}/revoke/").status_code == 404
    row.refresh_from_db()
    assert row.revoked is None
    assert organisation.memberships.filter(role="owner").count() == 1


def test_pages_behind_the_sign_in_are_kept_by_nobody_and_run_no_inline_script() -> None:
    organisation = people.organisation()
    ada = people.signed_in(people.user())
    seen = 0
    for name, address in guarded():
        answer = ada.get(address)
        if answer.status_code != 200:
            continue
        seen += 1
        assert re.search(r"no-store|private", answer["Cache-Control"]), (name, answer["Cache-Control"])
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), name
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|src=\"data:", page), name
    assert seen >= 12, organisation
