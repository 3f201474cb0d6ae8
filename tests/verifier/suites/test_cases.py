"""The questions of the checks of behaviour are what they claim to be; every answer is worked out again."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter

import pytest
from jsonschema import Draft202012Validator

from verifier.suites.cases import Item, filler, items, openings, tool_cases

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def test_half_of_the_questions_with_tools_call_for_one_that_is_offered() -> None:
    cases = tool_cases()
    assert len({case.id for case in cases}) == len(cases) == 40
    assert sum(case.tool is not None for case in cases) == 20
    for case in cases:
        assert len(set(case.names)) == len(case.names) >= 2
        assert case.tool is None or case.tool in case.names


def test_the_schemas_of_the_tools_are_schemas() -> None:
    tools = {name: tool for case in tool_cases() for name, tool in zip(case.names, case.tools, strict=True)}
    assert len(tools) == 12
    for tool in tools.values():
        Draft202012Validator.check_schema(tool["function"]["parameters"])
        assert tool["type"] == "function"


def solved(item: Item) -> str:
    """The answer by another way than the one that made the question."""
    said, numbers = item.question, [int(n) for n in re.findall(r"\d+", item.question)]
    if item.family in ("sum", "product"):
        a, b = numbers
        return str(a * b if "*" in said else a - b if "-" in said else a + b)
    if item.family == "weekday":
        today = next(day for day in DAYS if day in said)
        return (DAYS * 6)[DAYS.index(today) + numbers[0]]
    if item.family == "order":
        return sorted(said.removesuffix("?").partition(": ")[2].split(", "))[0]
    if item.family == "letters":
        found = re.fullmatch(r"How many times does the letter (\w) occur in the word (\w+)\?", said)
        assert found
        return str(sum(letter == found[1] for letter in found[2]))
    if item.family == "ranking":
        facts = re.findall(r"(\w+) is taller than (\w+)\.", said)
        taller, shorter = {a for a, _ in facts}, {b for _, b in facts}
        (found_one,) = taller - shorter if "tallest" in said else shorter - taller
        return str(found_one)
    if item.family == "sequence":
        *_, a, b = numbers
        doubling = all(y == 2 * x for x, y in itertools.pairwise(numbers))
        return str(2 * b if doubling else b + (b - a))
    assert item.family == "story"
    if "box" in said:
        return str(numbers[0] * numbers[1])
    if "stamps" in said:
        return str(numbers[0] - numbers[1] - numbers[2])
    half = numbers[0] - numbers[1] + numbers[2]
    assert half % 2 == 0, "nobody is cut in two"
    return str(half // 2)


@pytest.mark.parametrize("item", items(), ids=lambda item: item.id)
def test_every_answer_is_right(item: Item) -> None:
    assert solved(item) == item.answer


def test_there_are_items_of_several_families_and_no_two_alike() -> None:
    families = Counter(item.family for item in items())
    assert min(families.values()) >= 12
    assert len(families) == 8
    assert len({item.id for item in items()}) == len({item.question for item in items()}) == len(items())


def test_answers_are_asked_for_in_several_scripts() -> None:
    languages = Counter(opening.language for opening in openings())
    assert set(languages) >= {"en", "zh", "ja", "ru", "ko", "ar", "de", "fr"}
    for opening in openings():
        text = opening.messages[-1]["content"]
        latin = all("LATIN" in unicodedata.name(sign) for sign in text if sign.isalpha())
        assert latin == (opening.language in ("en", "de", "fr"))


def test_the_filling_says_nothing_of_what_is_asked() -> None:
    assert len(set(filler())) == len(filler()) >= 20
    assert not any(any(sign.isdigit() for sign in sentence) for sentence in filler())
