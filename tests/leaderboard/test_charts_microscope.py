from __future__ import annotations

import pytest

from leaderboard import charts_microscope as charts


def test_the_scale_is_logarithmic_and_clamped() -> None:
    at = [charts.position(value) for value in (0.0, 0.001, 0.01, 0.1, 1.0, 2.0)]
    assert at == pytest.approx([0, 0, 100 / 3, 200 / 3, 100, 100])
    assert [tick.x for tick in charts.TICKS] == pytest.approx(at[1:5])


def test_marks_grow_with_the_divergence() -> None:
    levels = [charts.level(value) for value in (0.0, 0.0199, 0.02, 0.1, 0.3, 0.5, 1.0)]
    assert levels == [0, 0, 1, 2, 3, 4, 4]


def test_the_honest_stretch_reaches_to_the_farthest_honest_deployment() -> None:
    found = charts.standing(0.4, [0.01, 0.0100001, 0.2], [0.003, 0.01])
    assert found.honest is not None
    assert (found.honest.x, found.honest.width) == pytest.approx((0, 100 / 3))
    assert len(found.others) == 2, "strokes on one spot are one stroke"
    assert charts.standing(0.4, [], []).honest is None
    smallest = charts.standing(0.4, [], [0.0]).honest
    assert smallest is not None
    assert smallest.width == 1, "a field too small to be seen is still drawn"
