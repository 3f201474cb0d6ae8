"""`manage.py describe_settings`: the reference that leaderboard/operations/settings.md is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from leaderboard.variables import GROUPS, Variable

HEAD = """\
# Settings

Assay is set up by environment variables. All are checked at start, and every problem is told at once, with
the variable's name and an example. "In production" means: where `DEBUG` is false.

This page is what `manage.py describe_settings` prints; `deployment.md` beside it tells how to run the server.
"""
COLUMNS = "| variable | meaning | without it | required |\n|---|---|---|---|"


class Command(BaseCommand):
    help = "Print the reference of the environment variables that Assay reads, in Markdown."
    requires_system_checks: Any = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(reference()))


def reference() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    for title, variables in GROUPS.items():
        yield f"## {title}\n"
        yield COLUMNS
        yield from map(_row, variables)
        yield ""


def _row(one: Variable) -> str:
    meaning = one.meaning + (f" Example: `{one.example}`" if one.example else "")
    without = f"`{one.default}`" if one.default else one.otherwise
    return f"| `{one.name}` | {meaning} | {without} | {one.required} |"
