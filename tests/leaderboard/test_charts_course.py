"""Two lines from no evidence to what is enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.charts_course import HEIGHT, WIDTH, course

NEEDED = (300.0, 100.0)
E_VALUES = st.floats(1e-300, 1e300)


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


def test_nothing_weighed_is_no_picture() -> None:
    assert course([], 100, NEEDED) is None


def test_each_side_ends_at_the_mark_when_it_is_enough() -> None:
    found = course([(20, 1.0, 10.0), (50, 300.0, 100.0)], 100, NEEDED)
    assert found is not None
    assert points(found.deviation) == [(0.0, HEIGHT), (40.0, HEIGHT), (100.0, 0.0)]
    assert points(found.faithfulness) == [(0.0, HEIGHT), (40.0, HEIGHT / 2), (100.0, 0.0)]
    assert found.latest == (50, 300.0, 100.0)


@pytest.mark.parametrize("planned", [0, 10])
def test_a_run_that_asks_more_than_was_planned_stays_within(planned: int) -> None:
    found = course([(50, 2.0, 2.0)], planned, NEEDED)
    assert found is not None
    assert points(found.deviation)[-1][0] == WIDTH


@given(st.lists(st.tuples(st.integers(0, 10**6), E_VALUES, E_VALUES), min_size=1), st.integers(0, 10**6))
def test_no_line_leaves_the_picture(readings: list[tuple[int, float, float]], planned: int) -> None:
    readings.sort()
    found = course(readings, planned, NEEDED)
    assert found is not None
    for x, y in points(found.deviation) + points(found.faithfulness):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
