from __future__ import annotations

import pytest

from tests.verifier.talker import REFERENCE, Talker, about, judge, recorded_from
from verifier.checks import tool_trigger
from verifier.checks.base import Answer, Fault, Outcome, ToolCall
from verifier.checks.tool_trigger import against_itself, called, majority
from verifier.suites.cases import tool_cases

NAME = "tool_trigger"


def test_calls_where_the_reference_calls_pass() -> None:
    endpoint = Talker(stack="other")
    finding = judge(NAME, endpoint)
    assert finding.outcome is Outcome.PASS
    assert (finding.estimate, finding.unit) == (1.0, "F1")
    assert finding.details["true_positives"] == 12
    assert len(endpoint.asked) == 24
    assert all(probe.body["tools"] and probe.body["tool_choice"] == "auto" for probe in endpoint.asked)


def test_an_endpoint_that_drops_tools_fails_and_one_that_refuses_them_is_unsupported() -> None:
    dropped, refused = judge(NAME, Talker(tools="dropped")), judge(NAME, Talker(tools="refused"))
    assert (dropped.outcome, dropped.estimate) == (Outcome.FAIL, 0.0)
    assert "tools are ignored" in dropped.cause
    assert refused.outcome is Outcome.UNSUPPORTED
    assert "No such thing" in refused.cause


def test_calls_left_in_the_text_are_named() -> None:
    finding = judge(NAME, Talker(tools="in text"))
    assert finding.outcome is Outcome.FAIL
    assert finding.details["calls_left_in_text"] == 12
    assert "left in the text" in finding.cause


def test_calls_that_nothing_asked_for_count_as_well() -> None:
    finding = judge(NAME, Talker(flips=1.0))
    assert finding.outcome is Outcome.FAIL
    assert finding.details["false_positives"] == 12


@pytest.mark.parametrize("skill", [1.0, 0.8, 0.6])
def test_an_honest_engine_that_parts_now_and_then_never_fails(skill: float) -> None:
    """A model as weak as may be: what is right is what the reference does."""
    reference = Talker(skill=skill)
    known = recorded_from(reference, NAME)
    for seed in range(40):
        finding = judge(
            NAME, Talker(skill=skill, flips=0.05, stack=f"x{seed}"), session=about(known, seed=seed)
        )
        assert finding.outcome in (Outcome.PASS, Outcome.WARN)


def test_where_the_reference_calls_nothing_there_is_nothing_to_compare() -> None:
    finding = judge(NAME, REFERENCE, reference=Talker(tools="dropped"))
    assert finding.outcome is Outcome.UNSUPPORTED
    assert "reference itself hardly calls" in finding.cause
    assert judge(NAME, REFERENCE, session=about(recorded_from(REFERENCE))).outcome is Outcome.UNSUPPORTED


def test_broken_answers_are_faulty_and_a_spent_budget_is_nobodys_fault() -> None:
    assert judge(NAME, Talker(fault=Fault.SERVER_ERROR)).outcome is Outcome.FAULTY
    assert judge(NAME, Talker(fault=Fault.INTERNAL)).outcome is Outcome.ERROR
    assert judge(NAME, Talker(), max_requests=2).outcome is Outcome.INCONCLUSIVE


def test_what_is_a_call() -> None:
    call = (ToolCall("1", "get_weather", "{}"),)
    assert called(Answer("", finish_reason="tool_calls", tool_calls=call)) is True
    assert called(Answer("", finish_reason="stop", tool_calls=call)) is False
    assert called(Answer("Hello", finish_reason="stop")) is False
    assert called(Answer("Hello and", finish_reason="length")) is None
    assert called(None) is None


def test_the_reference_against_itself() -> None:
    assert [majority(labels) for labels in ([True, True, False], [True, False], [None], [])] == [
        True, None, None, None,
    ]  # fmt: skip
    pairs = against_itself({"a": [True, True, False]}, ["a"])
    assert pairs == [(False, True)], "the others are split where one of the two is left out"


def test_questions_are_drawn_half_and_half_by_the_seed() -> None:
    known = recorded_from(REFERENCE, NAME)
    labels = known.behaviour[NAME]["labels"]
    draws = [tool_trigger.drawn(about(known, seed=seed), labels) for seed in (0, 1)]
    for cases in draws:
        assert sum(case.tool is not None for case in cases) == len(cases) // 2 == 12
    assert draws[0] != draws[1]
    assert set(labels) == {case.id for case in tool_cases()}
