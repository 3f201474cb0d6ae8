"""`manage.py demo`: verify real deployments of a real model on this machine, and serve the board."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from leaderboard.demo import surroundings

PLAIN_WIDTH = 120
"""Columns of the table where the output is no terminal."""


class Command(BaseCommand):
    help = (
        "Boot a lab of honest and degraded deployments of a real language model, verify each through the "
        "real worker, print the ranked table and serve the site. Nothing is left running when it ends."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="stop after the table; exit 0 if all is right"
        )
        parser.add_argument("--port", type=int, default=8000, help="of the site; another one if it is taken")
        parser.add_argument("--only", default="", metavar="NAME,...", help="judge only these deployments")

    def handle(self, *args: Any, once: bool, port: int, only: str, **options: Any) -> None:
        from leaderboard.demo import manager

        around = surroundings.inside(os.environ)
        if around is None:
            self._enter(only)
        else:
            console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
            sys.exit(manager.run(around, manager.Options(port=port, once=once), console))

    def _enter(self, only: str) -> None:
        """Start this very command again with the demo's own settings; the process stays the same."""
        from leaderboard.demo.stages import SHOWN, calibrating, judged

        names = [name.strip() for name in only.split(",") if name.strip()]
        if unknown := [name for name in names if name not in judged(list(SHOWN))]:
            known = ", ".join(judged(list(SHOWN)))
            raise CommandError(f"Not among the judged deployments: {', '.join(unknown)}. Those are: {known}.")
        chosen = {*calibrating(), *(names or SHOWN)}
        served = [name for name in SHOWN if name in chosen]
        environment = surroundings.environment(settings.STATE_DIR / "demo", served, os.environ)
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
