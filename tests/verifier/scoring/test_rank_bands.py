from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.scoring.rank_bands import Interval, Rank, rank_bands


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, value, high = sorted(draw(st.lists(st.floats(0, 100), min_size=3, max_size=3)))
    return Interval(value, low, high)


def test_overlapping_leaders_are_ties_and_the_next_place_is_counted_on() -> None:
    entries = [
        Interval(78.3, 76.2, 80.3),
        Interval(99.5, 99.4, 99.7),
        Interval(99.4, 99.3, 99.5),
        Interval(97.2, 96.7, 97.6),
    ]
    assert [str(rank) for rank in rank_bands(entries)] == ["4", "=1", "=1", "3"]


def test_a_chain_of_overlaps_does_not_tie_the_best_with_the_worst() -> None:
    chain = [Interval(90, 88, 92), Interval(87, 85, 89), Interval(84, 82, 86)]
    assert rank_bands(chain) == (Rank(1, True), Rank(1, True), Rank(3, False))


def test_touching_intervals_overlap() -> None:
    assert rank_bands([Interval(3, 2, 4), Interval(1, 0, 2)]) == (Rank(1, True), Rank(1, True))


def test_nothing_to_rank() -> None:
    assert rank_bands([]) == ()


def test_a_value_outside_its_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="its own interval"):
        rank_bands([Interval(5, 1, 2)])


@given(st.lists(intervals(), max_size=20))
def test_places_follow_the_order_of_values_and_count_everybody(entries: list[Interval]) -> None:
    ranks = rank_bands(entries)
    assert len(ranks) == len(entries)
    by_value = [
        ranks[i].place
        for i in sorted(range(len(entries)), key=lambda i: (-entries[i].value, -entries[i].low))
    ]
    assert by_value == sorted(by_value)
    for place in set(by_value):
        members = by_value.count(place)
        assert place == 1 + sum(1 for other in by_value if other < place)
        assert all(rank.tied == (members > 1) for rank in ranks if rank.place == place)


@given(st.lists(intervals(), min_size=1, max_size=20))
def test_all_of_a_band_overlap_its_leader(entries: list[Interval]) -> None:
    ranks = rank_bands(entries)
    for place in {rank.place for rank in ranks}:
        band = [entry for entry, rank in zip(entries, ranks, strict=True) if rank.place == place]
        leader = max(band, key=lambda entry: (entry.value, entry.low))
        assert all(entry.high >= leader.low and entry.low <= leader.high for entry in band)


@given(st.lists(intervals(), max_size=12).flatmap(lambda es: st.tuples(st.just(es), st.permutations(es))))
def test_the_order_of_listing_does_not_matter(pair: tuple[list[Interval], list[Interval]]) -> None:
    listed, shuffled = pair
    assert sorted(map(str, rank_bands(listed))) == sorted(map(str, rank_bands(shuffled)))
