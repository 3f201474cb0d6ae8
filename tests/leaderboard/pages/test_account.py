from __future__ import annotations

import base64
import hmac
import json
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from leaderboard.adapters import rotate_second_factors
from leaderboard.models import ApiToken, AuditEvent, Membership, Organisation
from leaderboard.services import tokens
from tests.leaderboard import people

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    cache.clear()


def sign_up(client: Client, email: str = "new@example.org") -> None:
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/account/signup/", form).status_code == 302


def code(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    (number,) = struct.unpack_from(">I", mac, mac[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


def link(text: str, path: str) -> str:
    found = re.search(rf"https?://[^/\s]+({re.escape(path)}\S+)", text)
    assert found, text
    return found[1]


def test_signing_up_takes_a_verified_address(client: Client) -> None:
    sign_up(client)
    assert client.get("/account/").status_code == 302, "not before the address is verified"
    confirm = link(str(mail.outbox[0].body), "/account/confirm-email/")
    assert client.get(confirm).status_code == 200
    client.post(confirm)
    entered = client.post("/account/login/", {"login": "new@example.org", "password": PASSWORD})
    assert entered.status_code == 302
    page = client.get("/account/").content.decode()
    assert "new@example.org" in page
    assert "not verified" not in page


def test_signing_up_does_not_tell_who_has_an_account(client: Client) -> None:
    people.user("ada@example.org")
    sign_up(client, "ada@example.org")
    assert User.objects.count() == 1
    assert "already" in str(mail.outbox[0].body)


def test_without_mail_nobody_signs_up(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    client.post("/account/signup/", {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.exists()


def test_what_was_typed_stays_and_each_field_has_its_message(client: Client) -> None:
    answer = client.post("/account/signup/", {"email": "no address", "password1": "x", "password2": "y"})
    page = answer.content.decode()
    assert 'value="no address"' in page
    assert page.count("errorlist") >= 2
    ada = people.browser(people.user())
    answer = ada.post("/account/organisations/new/", {"name": "!!", "url": "https://example.org"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="!!"' in page
    assert "two letters" in page
    assert not Organisation.objects.exists()


def test_a_second_factor_is_asked_for_and_kept_encrypted(settings: Settings) -> None:
    ada = people.signed_in(people.user())
    page = ada.get("/account/2fa/totp/activate/").content.decode()
    assert "<svg" in page
    assert "data:image" not in page
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", page)
    assert secret

    assert ada.post("/account/2fa/totp/activate/", {"code": code(secret[1])}).status_code == 302
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret[1] not in kept
    another = Client()
    answer = another.post("/account/login/", {"login": "ada@example.org", "password": people.PASSWORD})
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    assert another.get("/account/").status_code == 302
    settings.CREDENTIAL_KEYS = (Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS)
    assert rotate_second_factors() == 2, "and the recovery codes"
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    cache.clear()
    another.post("/account/2fa/authenticate/", {"code": code(secret[1])})
    assert another.get("/account/").status_code == 200


def test_a_token_is_shown_once_and_revoked() -> None:
    people.organisation()
    ada = people.browser(people.user())
    new = "/account/organisations/example-inference/tokens/new/"
    assert ada.post(new, {"name": "CI", "days": "30", "scopes": ["everything"]}).status_code == 400
    answer = ada.post(new, {"name": "CI", "days": "30", "scopes": ["read", "submit"]})
    shown = re.search(r"assay_[a-z0-9]{12}_[\w-]{43}", answer.content.decode())
    assert shown
    assert "no-store" in answer["Cache-Control"]
    row = ApiToken.objects.get()
    assert row.expires is not None
    assert tokens.find_token(shown[0])
    for address in ("/account/", "/account/organisations/example-inference/", "/account/export/"):
        page = ada.get(address).content.decode()
        assert row.prefix in page
        assert shown[0] not in page
    revoke = f"/account/organisations/example-inference/tokens/{row.pk}/revoke/"
    assert ada.get(revoke).status_code == 405
    assert ada.post(revoke, {"next": "account"})["Location"] == "/account/"
    assert tokens.find_token(shown[0]) is None


def test_a_token_form_keeps_what_was_typed() -> None:
    people.organisation()
    ada = people.browser(people.user())
    answer = ada.post("/account/organisations/example-inference/tokens/new/", {"name": "CI", "days": "30"})
    assert answer.status_code == 400
    assert 'value="CI"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_inviting_and_joining() -> None:
    organisation = people.organisation()
    ada = people.browser(people.user())
    base = "/account/organisations/example-inference"
    assert ada.post(f"{base}/invite/", {"email": "bea", "role": "member"}).status_code == 400
    assert ada.post(f"{base}/invite/", {"email": "bea@example.org", "role": "member"}).status_code == 302
    join = link(str(mail.outbox[-1].body), "/account/join/")
    eve = people.browser(people.user("eve@example.org"))
    assert eve.post(join).status_code == 200
    assert not Membership.objects.filter(user__email="eve@example.org").exists()
    bea = people.browser(people.user("bea@example.org"))
    assert bea.get(join).status_code == 200
    assert not Membership.objects.filter(user__email="bea@example.org").exists(), "opening does nothing"
    assert bea.post(join)["Location"] == f"{base}/"
    assert bea.get(join).status_code == 404, "it works once"
    assert "bea@example.org" in ada.get(f"{base}/").content.decode()
    member = organisation.memberships.get(user__email="bea@example.org")
    assert bea.post(f"{base}/members/{member.pk}/")["Location"] == "/account/"
    assert bea.get(f"{base}/").status_code == 404


def test_everything_that_is_kept_is_given_out() -> None:
    organisation = people.organisation()
    people.token(organisation)
    ada = people.signed_in(people.user())
    answer = ada.get("/account/export/")
    found = json.loads(answer.content)
    assert found["account"]["email"] == "ada@example.org"
    assert found["organisations"][0]["organisation__slug"] == "example-inference"
    assert len(found["api_tokens"]) == len(found["sessions"]) == 1
    assert {act["action"] for act in found["acts"]} == {"organisation.founded", "token.issued"}
    assert "pbkdf2" not in answer.content.decode()
    assert "digest" not in answer.content.decode()


def test_deleting_takes_the_password_once_more_and_leaves_no_person() -> None:
    organisation = people.organisation()
    people.member(organisation, "bea@example.org")
    stale = people.browser(people.user())
    assert "reauthenticate" in stale.post("/account/delete/")["Location"]
    ada = people.signed_in(people.user())
    assert "last owner" in ada.get("/account/delete/").content.decode()
    ada.post("/account/delete/")
    assert User.objects.filter(email="ada@example.org").exists()
    Membership.objects.filter(user__email="bea@example.org").update(role="owner")
    assert ada.post("/account/delete/")["Location"] == "/"
    assert not User.objects.filter(email="ada@example.org").exists()
    assert ada.get("/account/").status_code == 302
    assert Organisation.objects.get() == organisation
    event = AuditEvent.objects.get(action="organisation.founded")
    assert (event.actor, event.acted_as) == (None, "Example Inference")
    assert "ada@example.org" not in str(list(AuditEvent.objects.values()))


def test_guessing_passwords_is_slowed_down(client: Client) -> None:
    people.user()
    wrong = {"login": "ada@example.org", "password": "wrong"}
    pages = [client.post("/account/login/", wrong).content.decode() for _ in range(8)]
    assert "Too many failed" in pages[-1]


@pytest.mark.parametrize("name", ["privacy", "terms", "contact", "data-licence"])
def test_what_readers_are_owed(client: Client, name: str) -> None:
    answer = client.get(f"/{name}/")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert client.post(f"/{name}/").status_code == 405
