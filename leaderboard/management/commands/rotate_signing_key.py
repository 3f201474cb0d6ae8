"""`manage.py rotate_signing_key`: sign with a new key from now on."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leaderboard import services
from leaderboard.models import SigningKey


class Command(BaseCommand):
    help = (
        "Sign certificates and checkpoints with a new key. What the former key signed stays valid, and its "
        "private half is erased. With --withdraw nothing that a key signed counts any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--withdraw",
            metavar="KEYID",
            help="a key that somebody else may have; write --withdraw=KEYID, for an id may begin with a dash",
        )

    def handle(self, *args: Any, withdraw: str | None, **options: Any) -> None:
        if withdraw is None:
            made = services.rotate_signing_key()
            services.checkpoint()
            self.stdout.write(f"The key in use is now {made.keyid}.")
            return
        try:
            services.withdraw_signing_key(withdraw)
        except SigningKey.DoesNotExist as error:
            known = ", ".join(key.keyid for key in SigningKey.objects.all()) or "none"
            raise CommandError(f"There is no signing key {withdraw}. These exist: {known}.") from error
        services.checkpoint()  # signed anew, since no proof may rest on the withdrawn key
        self.stdout.write(f"{withdraw} is withdrawn; the key in use is {services.signer().keyid}.")
