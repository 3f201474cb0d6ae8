from __future__ import annotations

import pytest

from tests.verifier.talker import REFERENCE, Talker, about, judge, recorded_from
from verifier.checks.base import Answer, Fault, Outcome
from verifier.checks.reasoning_tasks import is_right
from verifier.suites.cases import Item

NAME = "reasoning_tasks"
NUMBER = Item("a", "sum", "What is 1000 + 234?", "1234")
WORD = Item("b", "ranking", "Ana is taller than Ben. Who is the shortest?", "Ben", ("Ana", "Ben"))


@pytest.mark.parametrize(
    ("item", "text", "right"),
    [
        (NUMBER, "1234", True),
        (NUMBER, "1,234.", True),
        (NUMBER, "1000 + 234 = 1234", True),
        (NUMBER, "-1234", False),
        (NUMBER, "12345", False),
        (NUMBER, "I do not know", False),
        (NUMBER, "9" * 5000, False),
        (NUMBER, "", None),
        (WORD, "Ben is the shortest.", True),
        (WORD, "Ana is taller, so **ben**", True),
        (WORD, "Ben is shorter than Ana", False),
        (WORD, "Nobody", False),
    ],
)
def test_what_is_right(item: Item, text: str, right: bool | None) -> None:
    assert is_right(item, Answer(text)) is right
    assert is_right(item, None) is None


def test_the_same_weights_pass_however_weak_they_are() -> None:
    for skill in (1.0, 0.5, 0.0):
        reference = Talker(skill=skill)
        finding = judge(NAME, Talker(skill=skill, stack="other"), reference=reference)
        assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 0.0, 50)
        assert finding.details["reference_wavering"] == 0.0
        assert 0 < finding.details["detectable"] < 0.25


def test_weights_that_lost_what_they_knew_fail() -> None:
    finding = judge(NAME, Talker(skill=0.5))
    assert finding.outcome is Outcome.FAIL
    assert finding.high is not None
    assert finding.high < -0.2
    assert sum(finding.details["lost"].values()) == 50 - finding.details["right"]
    assert "loses most in" in finding.cause


def test_honest_engines_that_part_now_and_then_never_fail() -> None:
    for skill in (0.9, 0.4):
        known = recorded_from(Talker(skill=skill), NAME)
        for stack in range(25):
            endpoint = Talker(skill=skill, flips=0.08, stack=f"x{stack}")
            finding = judge(NAME, endpoint, session=about(known, seed=stack))
            assert finding.outcome in (Outcome.PASS, Outcome.WARN)
            assert finding.low is not None
            assert finding.low < 0.05


def test_answers_without_text_are_no_mistakes() -> None:
    assert judge(NAME, Talker(only_reasoning=True)).outcome is Outcome.INCONCLUSIVE
    assert judge(NAME, Talker(fault=Fault.TOO_LARGE)).outcome is Outcome.FAULTY
    assert judge(NAME, Talker(), session=about(recorded_from(REFERENCE))).outcome is Outcome.UNSUPPORTED
