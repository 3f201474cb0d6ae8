"""What a board is good for: fidelity against price and speed, and a router that asks only the good ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard import charts_frontier
from leaderboard.charts_frontier import Frontier, Offer
from leaderboard.pages import numbers
from leaderboard.pages.filters import first_token, price
from leaderboard.pages.rows import Row


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture: `id` names its elements, `across` what its costs are."""

    id: str
    title: str
    across: str
    frontier: Frontier


COSTS: Sequence[tuple[str, str, str, Callable[[Mapping[str, Any]], float | None]]] = (
    ("price", noop("Fidelity and price"), noop("US dollars per million written tokens"), price),
    ("speed", noop("Fidelity and speed"), noop("milliseconds to the first token, median"), first_token),
)


def plots(board: Mapping[str, Any], rows: Sequence[Row]) -> tuple[Plot, ...]:
    """A picture for each cost that at least two of the ranked rows shown have."""
    shown = {row.id: row for row in rows}
    band = (board["honest_band"] or {}).get("fidelity")
    found = []
    for name, title, across, cost in COSTS:
        offers = [
            _offer(row, shown[row["endpoint"]["id"]], value)
            for row in board["rows"]
            if row["rank"] is not None and row["endpoint"]["id"] in shown and (value := cost(row)) is not None
        ]
        frontier = charts_frontier.frontier(offers, band)
        if frontier is not None:
            found.append(Plot(name, gettext(title), gettext(across), frontier))
    return tuple(found)


def _offer(row: Mapping[str, Any], shown: Row, cost: float) -> Offer:
    fidelity = row["result"]["fidelity"]
    said = f"{shown.fidelity} ({shown.interval}), {cost:g}"
    return Offer(
        *(shown.id, shown.label, shown.term.tone, cost, fidelity["value"], fidelity["low"], fidelity["high"]),
        said.replace("-", numbers.MINUS),
    )


def snippet(model: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The body of an OpenRouter request that asks only the faithful ones among `rows`; empty without any."""
    faithful = [row["endpoint"] for row in rows if (row["result"] or {}).get("verdict") == "faithful"]
    names = list(dict.fromkeys(_slug(endpoint) for endpoint in faithful))
    if not names:
        return ""
    provider = {"order": names, "only": names, "allow_fallbacks": False}
    return json.dumps({"model": model, "provider": provider}, indent=2, ensure_ascii=False)


def _slug(endpoint: Mapping[str, Any]) -> str:
    slug, variant = endpoint["provider"]["slug"], endpoint["variant"]
    return f"{slug}/{variant}" if variant else str(slug)
