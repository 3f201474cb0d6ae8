from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.charts_frontier import Offer, frontier, unbeaten


def offer(name: str, cost: float, fidelity: float) -> Offer:
    return Offer(name, name, "faithful", cost, fidelity, max(0, fidelity - 0.5), min(100, fidelity + 0.5), "")


offers = st.lists(
    st.builds(offer, st.uuids().map(str), st.floats(0.01, 100), st.floats(0, 100)), min_size=2, max_size=12
)


@given(offers)
def test_nobody_on_the_frontier_is_beaten_and_everybody_else_is(found: list[Offer]) -> None:
    leading = {one.id for one in unbeaten(found)}
    for one in found:
        beaten = any(
            other.cost <= one.cost
            and other.fidelity >= one.fidelity
            and (other.cost, other.fidelity) != (one.cost, one.fidelity)
            for other in found
        )
        place = (one.cost, one.fidelity)
        twin = any(other.id != one.id and (other.cost, other.fidelity) == place for other in found)
        if not twin:
            assert (one.id in leading) != beaten


@given(offers)
def test_everything_stays_in_the_picture(found: list[Offer]) -> None:
    plot = frontier(found, 99.4)
    assert plot is not None
    for dot in plot.dots:
        assert 0 <= dot.x <= 100
        assert 0 <= dot.top <= dot.y <= dot.bottom <= 100
    for step in plot.steps:
        assert step.x1 == step.x2 or step.y1 == step.y2, "a staircase has right angles"
        assert step.x1 <= step.x2
        assert step.y1 >= step.y2, "dearer is never less faithful on the frontier"


def test_cheaper_is_further_left_and_better_is_higher() -> None:
    plot = frontier([offer("a", 0.1, 90), offer("b", 1, 99.5), offer("c", 2, 95)])
    assert plot is not None
    a, b, c = plot.dots
    assert a.x < b.x < c.x
    assert b.y < c.y < a.y
    assert (a.leads, b.leads, c.leads) == (True, True, False)
    assert [label.text for label in plot.costs] == ["0.1", "0.2", "0.5", "1", "2"]


@pytest.mark.parametrize("found", [[], [offer("a", 1, 90)], [offer("a", 1, 90), offer("b", 0, 91)]])
def test_one_offer_is_no_picture(found: list[Offer]) -> None:
    assert frontier(found) is None
