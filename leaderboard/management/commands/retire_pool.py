"""`manage.py retire_pool`: publish a hidden pool that is no longer asked from."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from leaderboard import selectors, services


class Command(BaseCommand):
    help = (
        "Publish the prompts of a hidden pool and the salt under which bundles hashed them. From then on "
        "everything about it is told: prompts, answers, baselines, whole evidence. It can't be taken back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            metavar="FILE",
            help="the pool; by default ASSAY_HIDDEN_POOL",
        )
        parser.add_argument(
            "--although-in-use", action="store_true", help="even if runs of today are still asked from it"
        )

    def handle(self, *args: Any, file: Path | None, although_in_use: bool, **options: Any) -> None:
        path = file or settings.HIDDEN_POOL
        if path is None:
            raise CommandError("Which pool? Give its file, or set ASSAY_HIDDEN_POOL.")
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise CommandError(f"The pool {path} can't be read: {error}") from error
        asked = selectors.models_asked_from(hashlib.sha256(data).hexdigest())
        if asked and not although_in_use:
            raise CommandError(
                f"Still asked from it: {', '.join(asked)}. Record baselines with another pool first, or say "
                "--although-in-use: then its prompts are no better than public ones."
            )
        try:
            pool = services.publish_pool(data)
        except (services.PoolNotKnown, services.PoolNotKept) as error:
            raise CommandError(str(error)) from error
        services.checkpoint()
        where = settings.SITE_URL + reverse("integrity:pool", args=[pool.sha256])
        self.stdout.write(f"Retired. The prompts are at {where}, the salt is in the log: {pool.salt}")
