"""Endpoints side by side, chosen by their ids in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from leaderboard import charts, selectors
from leaderboard.pages import rows
from leaderboard.pages.inert import visible
from leaderboard.pages.rows import Row

MOST = 6
"""More columns cannot be read side by side."""


@dataclass(frozen=True, slots=True)
class Side:
    """One endpoint beside the others; `without` is the address without it."""

    row: Row
    model: tuple[str, str]
    without: str


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Up to six endpoints on one scale, then their numbers in a table."""
    asked, strange = chosen(request.GET.getlist("e"))
    kept = asked[:MOST]
    found = selectors.rows_of(kept) if kept else []
    sides = [
        Side(
            rows.board_row(row, snapshot.board),
            (snapshot.model.org, snapshot.model.name),
            address([key for key in kept if str(key) != row["endpoint"]["id"]]),
        )
        for snapshot, row in found
    ]
    models = {side.model for side in sides}
    first = found[0][0].board if len(models) == 1 else None
    band = ((first or {}).get("honest_band") or {}).get("fidelity")
    rungs = rows.rungs(first["rungs"]) if first else ()
    context = {
        "nav": "compare",
        "sides": sides,
        "names": pgettext("between parts of a list", ", ").join(
            visible(side.row.label, lines=False, limit=40) for side in sides
        ),
        "axis": charts.axis(charts.WIDE_TICKS, rungs, band, width=700),
        "narrow_axis": charts.axis(charts.NARROW_TICKS, rungs, band, width=320),
        "several_models": len(models) > 1,
        "left_out": max(0, len(asked) - MOST),
        "missing": strange + len(kept) - len(sides),
        "most": MOST,
        "now": timezone.now(),
    }
    return render(request, "pages/compare.html", context)


def chosen(texts: Sequence[str]) -> tuple[list[UUID], int]:
    """The ids among these texts, each once, and how many texts are none."""
    found: list[UUID] = []
    strange = 0
    for text in texts:
        try:
            key = UUID(text)
        except ValueError:
            strange += 1
            continue
        if key not in found:
            found.append(key)
    return found, strange


def address(keys: Sequence[UUID]) -> str:
    """The query string of these endpoints; `?` alone for none."""
    return "?" + urlencode([("e", str(key)) for key in keys])
