"""Where django-allauth asks Assay: who may sign up, how a second factor is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from verifier import credentials

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator


def shown(user: User) -> str:
    """A person as their own pages and mails name them."""
    return user.email or user.get_username()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody can sign up where no mail can be sent: the address could not be verified."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether the operator has configured mail."""
        return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are encrypted as provider keys are, and rotated with them."""

    def encrypt(self, text: str) -> str:
        """As verifier.credentials does."""
        return credentials.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises CredentialUnreadable."""
        return credentials.decrypt(encrypted_text)


@transaction.atomic
def rotate_second_factors() -> int:
    """Encrypt the secret of every second factor with the first of CREDENTIAL_KEYS; returns how many.

    Raises CredentialUnreadable, having changed nothing.
    """
    from allauth.mfa.models import Authenticator

    stored = list(Authenticator.objects.select_for_update())
    for one in stored:
        _rotate(one)
    return len(stored)


def _rotate(one: Authenticator) -> None:
    data = dict(one.data)
    for name in ("secret", "seed"):
        if isinstance(data.get(name), str):
            data[name] = credentials.rotate(data[name])
    if isinstance(data.get("migrated_codes"), list):
        data["migrated_codes"] = [credentials.rotate(code) for code in data["migrated_codes"]]
    one.data = data
    one.save(update_fields=["data"])
