from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import FEW, unit
from verifier.stats.ladder import SMALLEST, Placement, place_on_ladder

LADDER = {"q8_0": 0.017, "fp8": 0.045, "q4_0": 0.2, "other": 0.9}


def place(scores: list[float], ladder: dict[str, float] = LADDER, seed: int = 0) -> Placement:
    found = place_on_ladder(scores, ladder, np.random.default_rng(seed))
    assert found is not None
    return found


@FEW
@given(
    st.lists(unit, min_size=1, max_size=20),
    st.dictionaries(st.text(max_size=2), unit, min_size=1, max_size=6),
)
def test_it_is_the_nearest_in_ratio_and_within_its_range(
    scores: list[float], ladder: dict[str, float]
) -> None:
    found = place(scores, ladder)
    assert found.mean == pytest.approx(np.mean(scores))

    def distance(name: str) -> float:
        return abs(math.log(max(SMALLEST, found.mean) / max(SMALLEST, ladder[name])))

    assert distance(found.rung) == pytest.approx(min(map(distance, ladder)))
    assert ladder[found.low] <= ladder[found.rung] <= ladder[found.high]
    assert 0 <= found.support <= 1
    assert found.n == len(scores)


def test_the_border_between_two_rungs_is_their_geometric_mean() -> None:
    border = math.sqrt(LADDER["q8_0"] * LADDER["fp8"])
    assert place([border * 0.999]).rung == "q8_0"
    assert place([border * 1.001]).rung == "fp8"


def test_a_clear_case_has_one_rung_and_full_support() -> None:
    found = place([0.19, 0.2, 0.21] * 20)
    assert found == Placement("q4_0", "q4_0", "q4_0", found.mean, 1.0, 60)
    assert found.mean == pytest.approx(0.2)


def test_few_and_scattered_prompts_leave_a_range() -> None:
    found = place([0.0, 0.0, 0.0, 0.1, 0.05])
    assert (found.low, found.rung) == ("q8_0", "fp8")
    assert found.support < 0.95


def test_the_range_holds_95_percent_of_all_resampled_places() -> None:
    """Second source: the resamples of three scores, enumerated, each placed by hand."""
    scores = [0.01, 0.03, 0.3]
    names = list(LADDER)
    places = []
    for i in scores:
        for j in scores:
            for k in scores:
                mean = (i + j + k) / 3
                places.append(min(names, key=lambda name: abs(math.log(mean / LADDER[name]))))
    found = place(scores)
    inside = names[names.index(found.low) : names.index(found.high) + 1]
    assert sum(name in inside for name in places) / 27 >= 0.95
    assert found.support == pytest.approx(places.count(found.rung) / 27, abs=0.04)


def test_the_range_holds_the_true_rung_95_times_in_100() -> None:
    """Endpoints that are the rung itself, measured on 40 prompts."""
    rng = np.random.default_rng(1)
    names = list(LADDER)
    held = 0
    for _ in range(200):
        found = place_on_ladder(rng.beta(0.5, 0.5 / 0.045 - 0.5, 40).tolist(), LADDER, rng, resamples=400)
        assert found is not None
        held += names.index(found.low) <= names.index("fp8") <= names.index(found.high)
    assert held / 200 >= 0.92


def test_no_deviation_at_all_is_the_finest_rung() -> None:
    assert place([0.0] * 10).rung == "q8_0"
    assert place([0.0] * 10, {**LADDER, "honest": 0.0}).rung == "honest"
    assert place([1.0] * 10).rung == "other"


def test_the_order_of_the_ladder_does_not_matter() -> None:
    scores = np.random.default_rng(2).beta(1, 20, 30).tolist()
    assert place(scores) == place(scores, dict(reversed(LADDER.items())))


def test_without_scores_or_rungs_there_is_no_place() -> None:
    rng = np.random.default_rng()
    assert place_on_ladder([], LADDER, rng) is None
    assert place_on_ladder([0.1], {}, rng) is None


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_what_is_no_deviation_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        place([0.1, bad])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        place([0.1], {"a": bad})
