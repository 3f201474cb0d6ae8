"""A run tells how its evidence grows and how long it may still take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from leaderboard.pages.live import growing, time_left
from tests.leaderboard import factories
from verifier.models import Run

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def run(**fields: Any) -> Run:
    return Run(**{"started": NOW - timedelta(minutes=2), "done": 100, "planned": 400, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "about 6 min left, or less if the evidence decides sooner"),
        ({"planned": 140}, "less than a minute left"),
        ({"done": 9}, ""),
        ({"planned": 0}, ""),
        ({"started": None}, ""),
        ({"done": 400}, ""),
    ],
)
def test_the_time_that_is_left(fields: dict[str, Any], said: str) -> None:
    assert time_left(run(**fields), NOW) == said


def test_evidence_stands_beside_what_is_enough() -> None:
    found = growing(
        run(course=[[10, 1.5, 2.0], [20, 42.0, 3.0]], settings={"alpha": 0.05, "accuse_at": 300.0})
    )
    assert found["weighing"] == {"deviation": "42", "faithfulness": "3", "accuse_at": "300", "clear_at": "20"}
    assert found["course"].latest == (20, 42.0, 3.0)


def test_before_any_is_weighed_there_is_nothing_to_see() -> None:
    assert growing(run()) == {}


def test_the_page_shows_it_while_the_run_goes_on(client: Client, db: None) -> None:
    board = factories.board()
    live = factories.open_run(board["Lab new"])
    page = client.get(f"/runs/{live.pk}/").content.decode()
    assert "for a deviation 41</span> of 300" in page
    assert "less than a minute left" in page or "min left" in page
    Run.objects.filter(pk=live.pk).update(course=[])
    assert "Evidence so far" not in client.get(f"/runs/{live.pk}/progress/").content.decode()
