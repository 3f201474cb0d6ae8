"""`manage.py verify_log`: is everything that was published still what was published?"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from leaderboard import selectors, services


class Command(BaseCommand):
    help = (
        "Hash the transparency log again, and compare every published row with it, and the log with every "
        "checkpoint that was kept. Exit status 1 and a line for each difference, unless all is as published."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoint",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint kept elsewhere (/api/v1/log/checkpoint); may be given several times",
        )
        parser.add_argument(
            "--evidence",
            action="store_true",
            help="also read every evidence bundle, which takes as long as copying them",
        )

    def handle(self, *args: Any, checkpoint: list[Path], evidence: bool, **options: Any) -> None:
        kept = {f"kept checkpoint {name}": note for name, note in services.kept_checkpoints().items()}
        for path in checkpoint:
            try:
                kept[f"checkpoint {path}"] = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"The checkpoint {path} can't be read: {error}") from error
        services.signer()
        with transaction.atomic():
            head = services.locked_head()  # nothing is published while everything is read
            problems = list(selectors.audit(services.every_key(), kept))
        if evidence:
            problems += services.damaged_evidence()
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} differences: what is published is not what was published.")
        self.stdout.write(f"All is as it was published: {head.size} entries, {len(kept)} kept checkpoints.")
