from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard import charts_methodology as charts

numbers = st.floats(0, 1e6)


@given(st.lists(numbers, max_size=8), numbers, numbers)
def test_more_tokens_stand_further_right(seen: list[float], one: float, other: float) -> None:
    over = charts.scale(seen)
    low, high = sorted((one, other))
    assert charts.LEFT <= over.position(low) <= over.position(high) <= charts.RIGHT
    assert over.most >= max(seen, default=0.0)


@pytest.mark.parametrize(
    ("seen", "most"), [([], 10), ([3], 10), ([11], 20), ([480.0], 500), ([500], 500), ([501], 1000)]
)
def test_the_scale_ends_at_a_round_number(seen: list[float], most: float) -> None:
    assert charts.scale(seen).most == most


def test_equal_ratios_are_equal_distances() -> None:
    stations = [charts.Scale(1000).position(tokens) for tokens in (1, 10, 100, 1000)]
    distances = [after - before for before, after in pairwise(stations)]
    assert distances == pytest.approx([distances[0]] * 3)
    assert stations[0] == charts.LEFT
    assert stations[-1] == pytest.approx(charts.RIGHT)


def test_ticks_are_round_and_powers_of_ten_are_major() -> None:
    found = charts.ticks(charts.Scale(2000))
    assert [tick.text.replace("\u202f", " ") for tick in found if tick.major] == ["1", "10", "100", "1 000"]
    assert found[-1].text.replace("\u202f", " ") == "2 000"


def test_words_stand_behind_the_line_and_beyond_a_reach_that_would_cross_them() -> None:
    over = charts.Scale(1000)
    free = charts.lane(over, 3, 5, None, "3 / 5")
    assert (free.x, free.end, free.side) == (over.position(3), over.position(5), 1)
    assert (free.note.x, free.note.anchor) == (over.position(5), "start")
    assert charts.lane(over, 3, 5, 8, "3 / 5").note.x == over.position(8)
    assert charts.lane(over, 3, 5, 500, "3 / 5").note.x == over.position(5), "far away it is in nobody's way"
    assert charts.lane(over, 3, 50, 8, "3 / 50").note.x == over.position(50), "missed: it lies on the line"


def test_words_without_room_behind_stand_before() -> None:
    lane = charts.lane(charts.Scale(100), 80, 99, None, "80 / 99")
    assert (lane.note.x, lane.note.anchor, lane.side) == (lane.x, "end", -1)
    wide = charts.lane(charts.Scale(100), 2, 99, None, "2 / 99")
    assert (wide.note.x, wide.note.anchor, wide.side) == (100.0, "end", 0)


def test_what_was_not_detected_has_no_mark() -> None:
    lane = charts.lane(charts.Scale(100), None, None, 50, "not found in 20 runs")
    assert (lane.x, lane.end, lane.note.anchor) == (None, None, "end")
    assert lane.reach == charts.Scale(100).position(50)
