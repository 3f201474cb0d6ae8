from __future__ import annotations

import io
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "leaderboard" / "operations" / "settings.md"


def test_the_page_is_what_the_command_prints() -> None:
    out = io.StringIO()
    call_command("describe_settings", stdout=out)
    again = f"manage.py describe_settings > {PAGE.relative_to(ROOT)}"
    assert PAGE.read_text("utf-8") == out.getvalue(), f"write it anew: {again}"


def test_cells_keep_to_their_columns() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) > 30
    assert {row.count("|") for row in rows} == {5}
