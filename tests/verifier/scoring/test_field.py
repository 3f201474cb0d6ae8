from __future__ import annotations

import numpy as np
import pytest

from verifier.scoring.field import in_the_field
from verifier.scoring.policy import LEAST_FIELD, SUSPICIOUS


def test_one_far_below_the_field_is_flagged_and_nobody_else() -> None:
    found = in_the_field({"a": 300, "b": 330, "c": 280, "d": 310, "e": 290, "odd": 40})
    assert {key for key, standing in found.items() if standing.low} == {"odd"}
    assert found["odd"].n == 6


def test_it_is_the_modified_z_score_of_the_logarithms() -> None:
    values = {
        str(place): value for place, value in enumerate((100.0, 150.0, 200.0, 320.0, 610.0, 20.0, 90.0))
    }
    logs = np.log(list(values.values()))
    middle = np.median(logs)
    expected = 0.6745 * (logs - middle) / np.median(np.abs(logs - middle))
    assert [standing.z for standing in in_the_field(values).values()] == pytest.approx(list(expected))


def test_far_above_the_field_is_no_flag() -> None:
    found = in_the_field({"a": 1, "b": 1.1, "c": 0.9, "d": 1, "slow": 100})
    assert found["slow"].z > SUSPICIOUS
    assert not found["slow"].low


def test_a_field_of_equal_prices_makes_no_outlier_of_a_small_discount() -> None:
    same = {str(place): 2.0 for place in range(6)}
    assert not any(standing.low for standing in in_the_field({**same, "discount": 1.8}).values())
    assert in_the_field({**same, "fraction": 0.5})["fraction"].low


def test_a_small_field_judges_nobody() -> None:
    values = {str(place): 100.0 for place in range(LEAST_FIELD - 2)}
    assert in_the_field({**values, "odd": 0.1}) == {}
    assert in_the_field({**values, "odd": 0.1, "free": 0.0, "none": float("nan")}) == {}


def test_honest_fields_are_seldom_flagged() -> None:
    rng = np.random.default_rng(0)
    flagged = sum(
        standing.low
        for _ in range(400)
        for standing in in_the_field({str(i): float(np.exp(rng.normal(0, 0.5))) for i in range(12)}).values()
    )
    assert flagged / (400 * 12) < 0.01
