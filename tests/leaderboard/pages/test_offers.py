from __future__ import annotations

import json
from typing import Any

from leaderboard import boards
from leaderboard.pages import offers
from leaderboard.pages.rows import board_rows
from tests.leaderboard.factories import faithful, result
from tests.leaderboard.pages.test_filters import entry

MODEL = {"id": "1", "org": "o", "name": "m", "precision": "bf16"}


def fast(ms: float) -> dict[str, Any]:
    return {"speed": {"first_token_ms": {"p50": ms, "p95": 2 * ms, "n": 9}}}


BOARD = boards.build(
    MODEL,
    [
        entry("a", faithful(), "One", price_out=0.9, variant="turbo"),
        entry("b", result(**fast(30)), "Two", price_out=0.2),
        entry("c", faithful((99.4, 99.3, 99.5), **fast(60)), "One", variant="turbo"),
        entry("d", None, "Three", price_out=0.1),
    ],
)


def test_only_ranked_rows_with_that_cost_are_drawn() -> None:
    plots = {plot.id: plot.frontier for plot in offers.plots(BOARD, board_rows(BOARD, BOARD["rows"]))}
    assert {dot.offer.label for dot in plots["price"].dots} == {"a", "b"}
    assert {dot.offer.label for dot in plots["speed"].dots} == {"b", "c"}
    assert "96.74–97.63" in next(dot.offer.said for dot in plots["price"].dots if dot.offer.label == "b")


def test_what_is_filtered_away_is_not_drawn() -> None:
    few = [row for row in BOARD["rows"] if row["endpoint"]["label"] == "a"]
    assert offers.plots(BOARD, board_rows(BOARD, few)) == ()


def test_a_router_is_told_the_faithful_ones_only_and_each_once() -> None:
    found = json.loads(offers.snippet("o/m", BOARD["rows"]))
    assert found == {
        "model": "o/m",
        "provider": {"order": ["one/turbo"], "only": ["one/turbo"], "allow_fallbacks": False},
    }
    assert offers.snippet("o/m", [row for row in BOARD["rows"] if row["endpoint"]["label"] == "b"]) == ""
