from __future__ import annotations

import pytest

from verifier.scoring.budget_fields import Field


def test_fields_know_their_place() -> None:
    root = Field("", {"a": [{"b": 1}]})
    (item,) = root["a"].items()
    assert (item["b"].place, item["b"].count()) == ("a[0].b", 1)
    assert [(name, field.place) for name, field in root.fields()] == [("a", "a")]


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        ("text", "", "x must be a text"),
        ("text", 7, "x must be a text"),
        ("number", True, "x must be a number"),
        ("number", float("inf"), "x must be finite"),
        ("share", 1.5, "x must lie between 0 and 1"),
        ("count", 1.0, "x must be a whole number"),
        ("count", -1, "x must be a whole number of at least 0"),
        ("moment", "noon", "x must be a date"),
        ("moment", "2026-11-24T12:00:00", "x must say its offset"),
    ],
)
def test_what_is_wrong_is_said(read: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        getattr(Field("x", value), read)()


def test_a_count_is_at_most_what_it_is_counted_among() -> None:
    assert Field("x", 20).count(most=20) == 20
    with pytest.raises(ValueError, match="x is 21, which is more than the 20"):
        Field("x", 21).count(most=20)
