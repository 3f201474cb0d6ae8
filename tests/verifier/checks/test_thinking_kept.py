from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.talker import Talker, about, judge, recorded_from, recorded_under
from verifier.checks.base import Answer, Fault, Finding, Outcome
from verifier.checks.thinking_kept import fault_of
from verifier.contracts import contract_for

NAME = "thinking_kept"
GENERIC = contract_for("toy")
CONTRACT = replace(
    GENERIC, reasoning_field="reasoning_content", thinking_on={"think": True}, thinking_off={"think": False}
)
REFERENCE = Talker(thinks=True)


def judged(endpoint: Talker, reference: Talker = REFERENCE) -> Finding:
    return judge(NAME, endpoint, session=about(recorded_under(CONTRACT, reference, NAME), CONTRACT))


def test_thoughts_kept_apart_pass() -> None:
    endpoint = Talker(thinks=True, stack="other")
    finding = judged(endpoint)
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 10)
    assert [probe.body["think"] for probe in endpoint.asked] == [True] * 5 + [False] * 5


@pytest.mark.parametrize(
    ("endpoint", "named"),
    [
        (Talker(thinks=True, leaks=True), "hold the thoughts in the text"),
        (Talker(thinks=True, loses_thoughts=True), "come without the thoughts"),
        (Talker(thinks=True, always_thinks=True), "although thinking is off"),
        (Talker(only_reasoning=True), "no text beside the thoughts"),
    ],
    ids=["leaks", "loses", "always", "only"],
)
def test_thoughts_that_are_not_kept_apart_fail(endpoint: Talker, named: str) -> None:
    finding = judged(endpoint)
    assert finding.outcome is Outcome.FAIL
    assert named in finding.cause
    assert judged(endpoint, reference=endpoint).outcome is Outcome.PASS, "what the reference does is no fault"


def test_where_nothing_is_promised_nothing_is_asked() -> None:
    endpoint = Talker(thinks=True, leaks=True)
    known = recorded_from(REFERENCE, NAME)
    assert known.behaviour[NAME] == {}
    assert judge(NAME, endpoint, session=about(known)).outcome is Outcome.UNSUPPORTED
    assert judge(NAME, endpoint, session=about(known, CONTRACT)).outcome is Outcome.UNSUPPORTED
    assert not endpoint.asked


def test_thinking_that_cannot_be_switched_off_is_asked_for_once() -> None:
    contract = replace(CONTRACT, thinking_on=None, thinking_off=None)
    endpoint = Talker(thinks=True)
    known = recorded_under(contract, REFERENCE, NAME)
    assert judge(NAME, endpoint, session=about(known, contract)).n == 5
    assert all("think" not in probe.body for probe in endpoint.asked)


def test_broken_answers_are_faulty() -> None:
    assert judged(Talker(fault=Fault.SERVER_ERROR)).outcome is Outcome.FAULTY


def test_what_is_wrong_with_an_answer() -> None:
    assert fault_of("on", None) is None
    assert fault_of("on", Answer("", reasoning="Hm, so", finish_reason="length")) is None
    assert fault_of("on", Answer("", finish_reason="stop")) == "have no text"
    assert fault_of("off", Answer("17")) == ""
    assert fault_of("on", Answer("17", reasoning="Hm.")) == ""
