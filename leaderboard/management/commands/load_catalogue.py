"""`manage.py load_catalogue`: register real models and providers, as not yet measured."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from leaderboard.catalogue import read_catalogue
from leaderboard.services.catalogue import load_catalogue


class Command(BaseCommand):
    help = (
        "Register the models and providers of leaderboard/catalogue that are not there yet. They are listed "
        "as not yet measured. What exists is left as it is, so it may be called again at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = load_catalogue(read_catalogue())
        except (OSError, ValueError, ValidationError) as error:
            raise CommandError(f"The catalogue can't be loaded, nothing was changed: {error}") from error
        self.stdout.write(
            f"New: {new.models} models, {new.providers} providers, {new.endpoints} endpoints. "
            "They are not measured before they have a key and their model a baseline."
        )
