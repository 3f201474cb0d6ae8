from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leaderboard.pages import numbers
from leaderboard.pages.rules import rules, shown
from tests.leaderboard.pages import some_rules
from verifier.scoring import policy


def test_documented_constants_in_the_order_of_the_source() -> None:
    found = rules(some_rules)
    assert [rule.name for rule in found] == ["THRESHOLDS", "WORDS", "LIMIT"]
    thresholds, words, limit = found
    assert thresholds.entries == (("A", "99.5"), ("B", "97"))
    assert words.value == "deviating, different-model"
    assert words.entries == ()
    assert limit.value == numbers.whole(1000)
    assert [block.kind for block in limit.about] == ["paragraph", "list"]


def test_the_policy_in_force_is_listed() -> None:
    found = {rule.name: rule for rule in rules(policy)}
    assert "deviating" in found["ACCUSING"].value
    assert all(rule.value or rule.entries for rule in found.values())
    assert all(rule.about for rule in found.values())


@dataclass(frozen=True)
class Cap:
    grade: str
    share: float


class Word(StrEnum):
    ONE = "one"


def test_values_are_shown_as_a_reader_sees_them() -> None:
    assert shown(Cap("B", 0.05)) == "grade B, share 0.05"
    assert shown((Word.ONE, None, True, -0.5)) == "one, –, yes, −0.5"
    assert shown({"a": 1, "b": frozenset({2, 1})}) == "a: 1; b: 1, 2"
    assert shown(len) == "len", "no address in memory"
