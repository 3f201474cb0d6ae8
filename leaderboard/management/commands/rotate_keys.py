"""`manage.py rotate_keys`: encrypt every stored API key with the first of CREDENTIAL_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from leaderboard.adapters import rotate_second_factors
from leaderboard.services import rotate_signing_secrets, rotate_webhook_secrets
from verifier import services
from verifier.credentials import CredentialUnreadable


class Command(BaseCommand):
    help = (
        "Encrypt every stored API key with the first of CREDENTIAL_KEYS. To change the key: put a new one "
        "first, run this, then take the old one away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                count = services.rotate_credentials()
                signing = rotate_signing_secrets()
                webhooks = rotate_webhook_secrets()
                factors = rotate_second_factors()
        except CredentialUnreadable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{count} API keys, {signing} signing keys, {webhooks} webhooks' secrets and {factors} second "
            "factors are encrypted with the first key."
        )
