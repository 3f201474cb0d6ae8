from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.talker import REFERENCE, Talker, about, check_named, recorded_from
from verifier.checks.base import Fault, Observation, Outcome, Purpose, Status
from verifier.checks.behaving import ask_reference, judged, probe, request, streaming, too_few
from verifier.contracts import contract_for

CONTRACT = contract_for("toy")
CHECK = check_named("tool_choice")
HELLO = ({"role": "user", "content": "Hello"},)


def test_a_request_is_greedy_where_the_contract_lets_it_be() -> None:
    assert request(CONTRACT, HELLO, 9, n=1) == {
        "messages": [dict(HELLO[0])], "max_tokens": 9, "temperature": 0.0, "n": 1,
    }  # fmt: skip
    fixed = replace(CONTRACT, immutable={"temperature": (1.0,)})
    assert request(fixed, HELLO, 9)["temperature"] == 1.0


def test_thinking_is_switched_off_or_given_room() -> None:
    quiet = replace(CONTRACT, reasoning_field="reasoning_content", thinking_off={"thinking": {"type": "off"}})
    assert request(quiet, HELLO, 10)["thinking"] == {"type": "off"}
    assert request(quiet, HELLO, 10)["max_tokens"] == 10
    assert request(replace(quiet, thinking_off=None), HELLO, 10)["max_tokens"] > 10


@pytest.mark.parametrize(
    ("own", "reference", "outcome"),
    [
        ((5, 5), (15, 15), Outcome.PASS),
        ((0, 5), (15, 15), Outcome.FAIL),
        ((2, 5), (15, 15), Outcome.WARN),
        ((4, 5), (15, 15), Outcome.PASS),
        ((0, 3), (3, 3), Outcome.PASS),
        ((900, 1000), (1000, 1000), Outcome.WARN),
        ((0, 0), (15, 15), Outcome.PASS),
        ((0, 5), (0, 0), Outcome.PASS),
        ((5, 5), (0, 15), Outcome.PASS),
    ],
)
def test_worse_is_beyond_doubt_and_by_much(
    own: tuple[int, int], reference: tuple[int, int], outcome: Outcome
) -> None:
    assert judged(own, reference) is outcome


def test_the_reference_is_asked_each_question_as_often_as_told() -> None:
    dialogue = ask_reference(CHECK, {"a": {"max_tokens": 1}, "b": {"max_tokens": 2}}, 2)
    asked = next(dialogue).probes
    assert [(one.key, one.asking) for one in asked] == [
        ("tool_choice/a/0", 0), ("tool_choice/a/1", 1), ("tool_choice/b/0", 0), ("tool_choice/b/1", 1),
    ]  # fmt: skip
    assert {one.purpose for one in asked} == {Purpose.RECORDING}
    with pytest.raises(StopIteration) as stop:
        dialogue.send([Observation(one.key, Status.OK) for one in asked])
    assert [len(found) for found in stop.value.value.values()] == [2, 2]


def test_a_stream_is_the_same_question() -> None:
    body = request(CONTRACT, HELLO, 1)
    assert streaming(body) == {**body, "stream": True, "stream_options": {"include_usage": True}}
    assert probe(CHECK, "x", body, 1).key == "tool_choice/x"


@pytest.mark.parametrize(
    ("fault", "attempts", "outcome"),
    [
        (Fault.REJECTED, 1, Outcome.UNSUPPORTED),
        (Fault.SERVER_ERROR, 3, Outcome.FAULTY),
        (Fault.EGRESS_REFUSED, 1, Outcome.ERROR),
        (Fault.BUDGET, 0, Outcome.INCONCLUSIVE),
    ],
)
def test_who_is_to_blame_for_too_few_answers(fault: Fault, attempts: int, outcome: Outcome) -> None:
    failed = Observation("k", fault.status, fault=fault, detail="Because.", attempts=attempts)
    assert too_few(CHECK, about(recorded_from(REFERENCE)), [failed]).outcome is outcome


def test_answers_that_are_of_no_use_are_nobodys_fault() -> None:
    answered = [Talker().ask(probe(CHECK, "x", request(CONTRACT, HELLO, 1)))]
    found = too_few(CHECK, about(recorded_from(REFERENCE)), answered, "Of no use.")
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "Of no use.")
