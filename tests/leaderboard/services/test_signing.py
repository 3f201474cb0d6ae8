from __future__ import annotations

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.utils import timezone

from leaderboard import services
from leaderboard.models import LogEntry, SigningKey
from verifier.certificate import KeySet, read_keys
from verifier.credentials import CredentialUnreadable

pytestmark = pytest.mark.django_db


def published() -> KeySet:
    return read_keys(json.dumps(services.published_keys()).encode())


def test_there_is_one_key_in_use_and_it_stays() -> None:
    first = services.signer()
    assert services.signer().keyid == first.keyid
    assert list(published().keys) == [first.keyid]


def test_after_a_rotation_the_former_key_is_published_and_can_no_longer_sign() -> None:
    first = services.signer()
    second = services.rotate_signing_key()
    assert services.signer().keyid == second.keyid != first.keyid
    former = SigningKey.objects.get(keyid=first.keyid)
    assert former.ciphertext == ""
    known = published().keys
    assert known[first.keyid].not_after is not None
    assert not known[first.keyid].withdrawn
    assert known[second.keyid].not_after is None
    states = [json.loads(entry.leaf)["body"]["state"] for entry in LogEntry.objects.filter(kind="key")]
    assert states == ["in use", "retired", "in use"]


def test_a_withdrawn_key_in_use_is_replaced() -> None:
    first = services.signer()
    services.withdraw_signing_key(first.keyid)
    assert services.signer().keyid != first.keyid
    assert published().keys[first.keyid].withdrawn
    with pytest.raises(SigningKey.DoesNotExist):
        services.withdraw_signing_key("unknown")


def test_rotating_the_keys_of_credentials_takes_the_signing_key_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, old, new = services.signer(), settings.CREDENTIAL_KEYS, Fernet.generate_key().decode()
    monkeypatch.setattr(settings, "CREDENTIAL_KEYS", (new, *old))
    assert services.rotate_signing_secrets() == 1
    monkeypatch.setattr(settings, "CREDENTIAL_KEYS", (new,))
    assert services.signer().keyid == first.keyid
    monkeypatch.setattr(settings, "CREDENTIAL_KEYS", old)
    with pytest.raises(CredentialUnreadable):
        services.signer()


def test_what_was_dated_just_before_the_first_key_was_made_counts() -> None:
    dated = timezone.now().replace(microsecond=0)
    key = published().keys[services.signer().keyid]
    assert key.not_before is not None
    assert dated - timedelta(minutes=6) < key.not_before < dated
