from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.engine import Behaving, behaved
from tests.verifier.small_world import HONEST
from verifier.checks.base import Answer, Fault, Observation, Outcome, Status, Streamed
from verifier.checks.streaming import CHECK, faults_of

GOOD = Streamed(20, 18, True, True)
WHOLE = Answer("The keeper climbed the stairs.", completion_tokens=18)


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_stream_passes(seed: int) -> None:
    finding = behaved(CHECK, Behaving(noise=HONEST, stack="x"), seed=seed)
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 3)


@pytest.mark.parametrize(
    ("habits", "outcome", "says"),
    [
        ({"done": False}, Outcome.FAIL, "without [DONE]"),
        ({"finish": False}, Outcome.FAIL, "without a finish_reason"),
        ({"streams_other": True}, Outcome.FAIL, "something else"),
        ({"stream_fault": Fault.MALFORMED}, Outcome.FAIL, "no well-formed stream"),
        ({"stream_fault": Fault.TRUNCATED}, Outcome.FAIL, "no well-formed stream"),
        ({"ignores": frozenset({"stream"})}, Outcome.FAIL, "in one piece"),
        ({"tells_usage": False}, Outcome.WARN, "token counts"),
        ({"pieces": 1}, Outcome.WARN, "all at once"),
        ({"refuses": frozenset({"stream"})}, Outcome.UNSUPPORTED, "refuses to stream"),
        ({"fails": 1.0}, Outcome.FAULTY, "No stream"),
        ({"stream_fault": Fault.TIMEOUT}, Outcome.FAULTY, "No stream"),
    ],
    ids=str,
)
def test_what_is_wrong_with_streams_is_told(habits: dict[str, Any], outcome: Outcome, says: str) -> None:
    finding = behaved(CHECK, Behaving(**habits))
    assert finding.outcome is outcome, finding
    assert says in finding.cause


def test_where_the_counts_cannot_be_asked_for_a_plain_stream_is_judged() -> None:
    finding = behaved(CHECK, Behaving(refuses=frozenset({"stream_options"})))
    assert finding.outcome is Outcome.PASS
    assert finding.details["usage_refused"] is True


def test_one_text_that_parts_is_honest_noise() -> None:
    endpoint = Behaving()
    plain = endpoint._streamed

    def once(answer: Answer, body: Any) -> Answer:
        endpoint.streams_other = not any(p.key.startswith("streaming/usage") for p in endpoint.asked[:-1])
        return plain(answer, body)

    endpoint._streamed = once  # type: ignore[method-assign]
    assert behaved(CHECK, endpoint).outcome is Outcome.PASS


def test_where_no_answer_comes_twice_a_stream_that_differs_says_nothing() -> None:
    finding = behaved(CHECK, Behaving(always={"temperature": 1.0}))
    assert finding.outcome is Outcome.PASS, finding


def seen(answer: Answer | None, fault: Fault | None = None) -> Observation:
    return Observation("k", Status.OK if fault is None else fault.status, answer, fault)


def test_each_fault_has_its_name() -> None:
    def one(**changes: Any) -> list[str]:
        streamed = changes.pop("streamed", GOOD)
        fields = {"text": WHOLE.text, "finish_reason": "stop", "completion_tokens": 18, **changes}
        return faults_of(WHOLE, seen(Answer(**fields, streamed=streamed)), counted=True)

    assert one() == []
    assert one(streamed=Streamed(20, 18, False, True)) == ["no [DONE]"]
    assert one(streamed=Streamed(20, 1, True, True)) == ["one piece"]
    assert one(streamed=Streamed(3, 1, True, True), completion_tokens=3) == [], "a short one may"
    assert one(streamed=None) == ["not a stream"]
    assert one(text="Else") == ["another text"]
    assert faults_of(WHOLE, seen(None, Fault.MALFORMED), counted=True) == ["broken events"]
    assert faults_of(None, seen(None, Fault.MALFORMED), counted=True) == [], "nothing is answered well"
    assert faults_of(WHOLE, seen(None, Fault.SERVER_ERROR), counted=True) == []
