from __future__ import annotations

import pytest

from tests.verifier.engine import Behaving, behaved, is_bad
from tests.verifier.small_world import session
from tests.verifier.synthetic import converse
from verifier.checks.base import ErrorShape, Fault, Observation, Outcome, Status
from verifier.checks.errors import BAD, CHECK, TOLD, kind_of


def test_every_bad_request_is_bad() -> None:
    assert all(is_bad(body) for body in BAD.values())


def test_refusals_with_a_reason_pass() -> None:
    finding = behaved(CHECK, Behaving())
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, len(BAD))


@pytest.mark.parametrize("kind", TOLD)
def test_everything_else_fails(kind: str) -> None:
    finding = behaved(CHECK, Behaving(bad_requests=kind))
    assert (finding.outcome, finding.estimate) == (Outcome.FAIL, 0.0)
    assert TOLD[kind] in finding.cause
    assert set(finding.details["requests"].values()) == {kind}


@pytest.mark.parametrize("shape", [ErrorShape.JSON, ErrorShape.TEXT, ErrorShape.EMPTY])
def test_another_shape_is_a_warning(shape: ErrorShape) -> None:
    finding = behaved(CHECK, Behaving(shape=shape))
    assert (finding.outcome, finding.estimate) == (Outcome.WARN, 1.0)


def test_silence_is_no_answer_and_our_own_failure_is_nobodys() -> None:
    assert behaved(CHECK, Behaving(bad_requests="silence")).outcome is Outcome.FAULTY
    broke = session(max_requests=1)
    converse(broke.ask([], "nothing", 0), Behaving())
    broke._failures_in_a_row = 99
    assert converse(CHECK.run(broke), Behaving()).outcome is Outcome.ERROR


def test_refusals_do_not_bring_the_endpoint_down() -> None:
    asking, endpoint = session(), Behaving()
    for _ in range(3):
        converse(CHECK.run(asking), endpoint)
    assert not asking.down
    assert asking._failures_in_a_row == 0


def test_a_bad_number_of_tokens_does_not_upset_the_budget() -> None:
    finding = converse(CHECK.run(session(max_tokens=50)), Behaving())
    assert finding.n == len(BAD)


@pytest.mark.parametrize(
    ("status", "fault", "shape", "kind"),
    [
        (422, Fault.REJECTED, ErrorShape.JSON, "refused"),
        (None, Fault.UNREACHABLE, None, None),
        (429, Fault.RATE_LIMITED, ErrorShape.OPENAI, None),
        (200, Fault.REJECTED, ErrorShape.OPENAI, "error in a 200"),
        (200, Fault.MALFORMED, None, "malformed"),
        (503, Fault.SERVER_ERROR, ErrorShape.TEXT, "server error"),
    ],
)
def test_kinds(status: int | None, fault: Fault, shape: ErrorShape | None, kind: str | None) -> None:
    seen = Observation("k", fault.status, fault=fault, http_status=status, error_shape=shape)
    assert kind_of(seen) == kind
    assert kind_of(Observation("k", Status.OK)) == "answered"
