from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management import call_command
from pytest_django import Settings

from tests.verifier import world
from verifier import credentials, services
from verifier.models import Credential
from verifier.services.registry import api_key

KEY = "sk-CANARY0123456789abcdef"
Keys = Callable[..., None]


@pytest.fixture
def keys(settings: Settings) -> Keys:
    def use(*which: str) -> None:
        settings.CREDENTIAL_KEYS = which

    return use


OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_the_first_key_encrypts_and_every_key_decrypts(keys: Keys) -> None:
    keys(OLD)
    sealed = credentials.encrypt(KEY)
    assert KEY not in sealed
    keys(NEW, OLD)
    assert credentials.decrypt(sealed) == KEY
    rotated = credentials.rotate(sealed)
    keys(NEW)
    assert credentials.decrypt(rotated) == KEY
    with pytest.raises(credentials.CredentialUnreadable, match="CREDENTIAL_KEYS"):
        credentials.decrypt(sealed)


def test_the_hint_gives_nothing_of_a_short_key() -> None:
    assert credentials.hint(KEY) == "…cdef"
    assert credentials.hint("short") == "…"


@pytest.mark.django_db
def test_a_key_is_stored_encrypted_and_overwritten() -> None:
    endpoint = world.endpoint()
    assert api_key(endpoint) is None
    services.set_credential(endpoint, KEY)
    services.set_credential(endpoint, f"  {KEY}X\n")
    stored = Credential.objects.get()
    assert KEY not in f"{stored.ciphertext}{stored.hint}{stored}{stored!r}"
    assert api_key(endpoint) == KEY + "X"
    services.remove_credential(endpoint)
    assert api_key(endpoint) is None


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["", "   ", "two words", "línea", "a\nb", "a\x00b"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        services.set_credential(world.reference(), secret)
    assert caught.value.message_dict == {"api_key": ["An API key is printable ASCII text without spaces."]}


@pytest.mark.django_db
def test_rotating_encrypts_everything_with_the_first_key(
    keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    keys(OLD)
    endpoint, reference = world.endpoint(), world.reference()
    services.set_credential(endpoint, KEY)
    services.set_credential(reference, KEY + "2")
    keys(NEW, OLD)
    call_command("rotate_keys")
    assert "2 API keys" in capsys.readouterr().out
    keys(NEW)
    assert api_key(endpoint) == KEY
    assert api_key(reference) == KEY + "2"
