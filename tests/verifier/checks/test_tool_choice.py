from __future__ import annotations

import pytest

from tests.verifier.talker import REFERENCE, Talker, about, judge, recorded_from
from verifier.checks.base import Fault, Outcome

NAME = "tool_choice"
ALL = frozenset({"none", "required", "named"})


def test_every_choice_obeyed_passes() -> None:
    endpoint = Talker(stack="other")
    finding = judge(NAME, endpoint)
    assert (finding.outcome, finding.estimate) == (Outcome.PASS, 1.0)
    assert len(endpoint.asked) == 20
    assert set(finding.details["outcomes"].values()) == {"pass"}


@pytest.mark.parametrize("mode", sorted(ALL))
def test_a_choice_that_is_ignored_fails_and_is_named(mode: str) -> None:
    finding = judge(NAME, Talker(chooses=ALL - {mode}))
    assert finding.outcome is Outcome.FAIL
    assert f"`{mode}` is obeyed 0 of 5 times" in finding.cause
    assert {one for one, outcome in finding.details["outcomes"].items() if outcome == "fail"} == {mode}


@pytest.mark.parametrize("mode", sorted(ALL))
def test_what_the_reference_ignores_too_is_not_held_against_it(mode: str) -> None:
    engine = Talker(chooses=ALL - {mode})
    finding = judge(NAME, engine, reference=engine)
    assert finding.outcome is Outcome.PASS
    assert finding.details["outcomes"][mode] == "inconclusive"


def test_a_refused_choice_is_unsupported_and_the_others_still_pass() -> None:
    finding = judge(NAME, Talker(refuses=frozenset({"required"})))
    assert finding.outcome is Outcome.PASS
    assert finding.details["outcomes"]["required"] == "unsupported"
    assert "refuses `required`" in finding.cause


def test_where_no_call_comes_at_all_another_check_tells() -> None:
    assert judge(NAME, Talker(tools="dropped")).outcome is Outcome.UNSUPPORTED
    assert judge(NAME, Talker(tools="refused")).outcome is Outcome.UNSUPPORTED
    assert judge(NAME, Talker(fault=Fault.TIMEOUT)).outcome is Outcome.FAULTY
    assert judge(NAME, Talker(), session=about(recorded_from(REFERENCE))).outcome is Outcome.UNSUPPORTED


def test_broken_arguments_are_another_checks_matter() -> None:
    assert judge(NAME, Talker(arguments=lambda text: f"```{text}```")).outcome is Outcome.PASS


def test_honest_engines_that_part_now_and_then_never_fail() -> None:
    for skill in (1.0, 0.7):
        known = recorded_from(Talker(skill=skill), NAME)
        for stack in range(40):
            finding = judge(NAME, Talker(skill=skill, flips=0.05, stack=f"x{stack}"), session=about(known))
            assert finding.outcome is not Outcome.FAIL
