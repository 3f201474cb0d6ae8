from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard import charts

fidelities = st.floats(0, 100)
names = st.text("ABCFINPT0123456789 ", min_size=1, max_size=16)


@given(fidelities, fidelities)
def test_higher_fidelity_stands_further_right(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= charts.position(low) <= charts.position(high) <= 100


def test_the_scale_has_no_jump_where_its_pieces_meet() -> None:
    for edge in (60.0, 99.75):
        assert charts.position(edge - 1e-9) == pytest.approx(charts.position(edge + 1e-9), abs=1e-5)
    assert charts.position(0) == 0
    assert charts.position(60) == charts.LEFT
    assert charts.position(99.75) == charts.RIGHT
    assert charts.position(100) == 100


def test_equal_ratios_of_deviation_are_equal_distances() -> None:
    steps = [charts.position(100 - deviation) for deviation in (32, 16, 8, 4, 2, 1, 0.5)]
    distances = [after - before for before, after in pairwise(steps)]
    assert distances == pytest.approx([distances[0]] * len(distances))


def test_honest_band_and_the_rungs_each_get_room() -> None:
    stations = [charts.position(fidelity) for fidelity in (74.7, 94.4, 97.4, 99.4, 100)]
    assert min(after - before for before, after in pairwise(stations)) > 10


def test_what_lies_outside_the_scale_stands_at_its_end() -> None:
    assert charts.position(-5) == 0
    assert charts.position(120) == 100


@given(fidelities, fidelities, fidelities, fidelities)
def test_a_dot_stands_within_its_interval(a: float, b: float, c: float, band: float) -> None:
    low, value, high = sorted((a, b, c))
    track = charts.track(value, low, high, band, [charts.Rung("INT8", 97.4)])
    assert track.measure is not None
    assert track.band is not None
    left, right = track.measure.interval.x, track.measure.interval.x + track.measure.interval.width
    assert left - 1e-9 <= track.measure.x <= right + 1e-9
    assert track.band.x + track.band.width == pytest.approx(100)
    assert track.rungs == (charts.position(97.4),)


def test_without_a_measurement_the_band_and_the_rungs_remain() -> None:
    track = charts.track(None, None, None, 99.4, [])
    assert track.measure is None
    assert track.band is not None
    assert charts.track(99, None, None, None, []).measure == charts.Measure(
        charts.position(99), charts.Span(charts.position(99), 0)
    )


@given(st.lists(st.tuples(st.floats(0, 100), names), max_size=12), st.sampled_from([320.0, 1000.0]))
def test_no_two_names_on_a_level_overlap(wanted: list[tuple[float, str]], width: float) -> None:
    labels = charts.place(wanted, width=width, letter=6.2)
    assert sorted(label.text for label in labels) == sorted(text for _, text in wanted)
    for level in {label.level for label in labels}:
        extents = sorted(charts._extent(label, width, 6.2) for label in labels if label.level == level)
        assert all(before[1] <= after[0] for before, after in pairwise(extents))


@given(st.floats(0, 100), names)
def test_a_name_keeps_inside_the_picture(x: float, text: str) -> None:
    (label,) = charts.place([(x, text)], width=320, letter=6.2)
    start, end = charts._extent(label, 320, 6.2)
    assert start >= -1e-9
    assert end <= 320 + 1e-9
    assert label.level == 0


def test_an_axis_names_the_rungs_and_the_band() -> None:
    axis = charts.axis(
        charts.NARROW_TICKS, [charts.Rung("INT8", 97.4), charts.Rung("Q8", 97.2)], 99.4, width=320
    )
    assert [tick.text for tick in axis.ticks] == ["0", "70", "90", "97", "99", "100"]
    assert {name.text for name in axis.names} == {"INT8", "Q8", "honest"}
    assert axis.levels == 2


def test_a_ladder_fits_wide_and_narrow_screens() -> None:
    ladder = charts.ladder(
        78.3, 76.2, 80.3, 99.4, [charts.Rung("INT4 groups of 64", 74.7)], [charts.Rung("INT4", 74.7)], [99.5]
    )
    assert {name.text for name in ladder.wide.names} == {"INT4 groups of 64", "honest deployments"}
    assert {name.text for name in ladder.narrow.names} == {"INT4", "honest"}
    assert ladder.others == (charts.position(99.5),)


def test_a_share_stands_on_a_linear_axis() -> None:
    measure = charts.share(0.79, 0.74, 0.83)
    assert (measure.x, measure.interval.x, measure.interval.width) == pytest.approx((79, 74, 9))


probabilities = st.dictionaries(st.text(max_size=3), st.floats(0.001, 0.2), max_size=5)


@given(probabilities, probabilities)
def test_bars_share_one_scale_and_keep_unlisted_apart_from_zero(
    reference: dict[str, float], endpoint: dict[str, float]
) -> None:
    bars = charts.paired_bars(reference, endpoint, limit=6)
    for bar in bars:
        assert 0 <= bar.reference_width <= 100 + 1e-9
        assert 0 <= bar.endpoint_width <= 100 + 1e-9
        if not bar.is_rest:
            assert bar.reference == reference.get(bar.token)
            assert bar.endpoint == endpoint.get(bar.token)
    assert len([bar for bar in bars if not bar.is_rest]) == min(6, len({*reference, *endpoint}))


def test_the_rest_is_shown_where_both_sides_are_known() -> None:
    bars = charts.paired_bars({"a": 0.6, "b": 0.1}, {"a": 0.2, "c": 0.3}, limit=2)
    assert [bar.token for bar in bars] == ["a", "c", ""]
    assert bars[-1].is_rest
    assert bars[-1].reference == pytest.approx(0.4)
    assert bars[-1].endpoint == pytest.approx(0.5)
    assert not charts.paired_bars({}, {"a": 1.0})[-1].is_rest
    assert charts.paired_bars({}, {}) == ()


def test_an_e_value_stands_on_a_scale_of_its_own() -> None:
    assert charts.strip(100.0, 1e4) == charts.Strip(100 / 3, 200 / 3)
    assert charts.strip(0.0, 1.0) == charts.Strip(0.0, 0.0), "less than nothing is drawn as no evidence"
    assert charts.strip(1e300, 1e9) == charts.Strip(100.0, 100.0)


def test_the_nearest_rung_and_what_it_may_be_are_marked() -> None:
    made = charts.ladder(97.2, 96.7, 97.6, 99.4, (), (), nearest=97.4, place=(94.4, 97.4))
    assert made.nearest == charts.position(97.4)
    assert made.place == charts.span(94.4, 97.4)
    plain = charts.ladder(97.2, 96.7, 97.6, 99.4, (), ())
    assert (plain.nearest, plain.place) == (None, None)
