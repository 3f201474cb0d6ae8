"""`manage.py export_log`: the transparency log as static files, for anybody to mirror."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leaderboard import services


class Command(BaseCommand):
    help = "Write the log's tiles, entries, keys and checkpoint into a folder, laid out as C2SP tlog-tiles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            size = services.export_log(folder)
        except (services.MirrorRefused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{size} entries are in {folder}.")
