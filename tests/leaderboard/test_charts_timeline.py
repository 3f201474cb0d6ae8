from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leaderboard import charts
from leaderboard.charts_timeline import SPARK_HEIGHT, SPARK_WIDTH, Event, Point, apart, spark, timeline

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def point(days: float, value: float) -> Point:
    return Point(NOW - timedelta(days=days), value, value - 0.3, value + 0.3)


def test_a_line_keeps_inside_and_falls_where_fidelity_falls() -> None:
    readings = [(NOW - timedelta(days=day), value) for day, value in ((40, 99.5), (10, 99.4), (0, 74.7))]
    places = [tuple(map(int, pair.split(","))) for pair in spark(readings, NOW - MONTH, NOW).split()]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert all(0 < x < SPARK_WIDTH and 0 < y < SPARK_HEIGHT for x, y in places)
    assert places[0][1] <= places[1][1] < places[2][1]


def test_one_run_has_no_course() -> None:
    assert spark([(NOW, 99.0)], NOW - MONTH, NOW) == ""
    assert timeline([point(1, 99.0)]) is None


def test_intervals_are_apart_only_without_anything_in_common() -> None:
    assert apart((1, 2), (3, 4))
    assert apart((3, 4), (1, 2))
    assert not apart((1, 3), (3, 4))


def test_runs_stand_in_time_and_on_the_scale_of_the_board() -> None:
    picture = timeline([point(20, 99.5), point(10, 99.4), point(0, 97.2)], band=99.4)
    assert picture is not None
    first, second, last = picture.dots
    assert first.x < second.x < last.x <= 100
    assert second.x - first.x == last.x - second.x, "time is linear"
    assert first.y < second.y < last.y, "higher is more faithful"
    assert all(dot.top < dot.y < dot.bottom for dot in picture.dots)
    down = charts.position(99.5) - charts.position(99.4), charts.position(99.4) - charts.position(97.2)
    assert abs((second.y - first.y) / (last.y - second.y) - down[0] / down[1]) < 1e-9
    assert picture.band == second.y
    assert [label.text for label in picture.dates] == ["8 Nov", "15 Nov", "21 Nov", "28 Nov"]


def test_words_of_events_at_the_same_time_climb() -> None:
    moment = NOW - timedelta(days=5)
    events = [Event(moment, "alarm", ""), Event(moment, "watch", "")]
    picture = timeline([point(10, 99.5), point(0, 99.5)], events)
    assert picture is not None
    assert sorted(label.level for label in picture.events) == [0, 1]
    assert picture.levels == 2
    assert picture.band is None


def test_runs_of_one_day_are_told_by_their_hours() -> None:
    picture = timeline([point(0.5, 99.5), point(0, 99.5)])
    assert picture is not None
    assert [label.text for label in picture.dates] == ["00:00", "04:00", "08:00", "12:00"]


def test_runs_at_the_same_moment_still_make_a_picture() -> None:
    picture = timeline([point(0, 99.5), point(0, 99.4)])
    assert picture is not None
    assert len(picture.dots) == 2
