from __future__ import annotations

import pytest

from tests.verifier.small_world import session
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks.base import Answer, Fault, Finding, Observation, Outcome, Probe, Purpose, Status
from verifier.checks.reliability import CHECK, ENOUGH, succeeded_at_once


def judged(*seen: Observation) -> Finding:
    asking = session()
    for number, observation in enumerate(seen):
        key = f"{observation.key}{number}"
        asking.probes[key] = Probe(key, "chat/completions", {}, Purpose.BEHAVIOUR)
        asking.observations[key] = observation
    return converse(CHECK.run(asking), Synthetic())


OK = Observation("k", Status.OK, Answer("x"))
REFUSED = Observation("k", Status.UNSUPPORTED, fault=Fault.REJECTED)
RETRIED = Observation("k", Status.OK, Answer("x"), attempts=2, failed=(Fault.SERVER_ERROR,))
LOST = Observation("k", Status.FAULTY, fault=Fault.SERVER_ERROR, attempts=4, failed=(Fault.SERVER_ERROR,) * 3)
LIMITED = Observation("k", Status.OK, Answer("x"), attempts=2, failed=(Fault.RATE_LIMITED,))
STALE = Observation("k", Status.OK, Answer("x"), attempts=2)
"""Sent again because a kept-alive connection was gone: nobody's fault."""


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ([OK] * 60, Outcome.PASS),
        ([OK] * 50 + [REFUSED] * 10, Outcome.PASS),
        ([STALE] * 60, Outcome.PASS),
        ([OK] * 59 + [RETRIED], Outcome.PASS),
        ([OK] * 57 + [RETRIED] * 3, Outcome.WARN),
        ([OK] * 48 + [RETRIED] * 12, Outcome.FAIL),
        ([OK] * 48 + [LOST] * 12, Outcome.FAIL),
        ([OK] * (ENOUGH - 1), Outcome.INCONCLUSIVE),
        ([OK] * 5 + [LIMITED] * 60, Outcome.INCONCLUSIVE),
    ],
)
def test_outcomes(seen: list[Observation], outcome: Outcome) -> None:
    assert judged(*seen).outcome is outcome


def test_both_shares_and_what_was_limited_are_told() -> None:
    finding = judged(*[OK] * 40, *[RETRIED] * 6, *[LOST] * 4, *[LIMITED] * 3)
    assert (finding.estimate, finding.n) == (0.8, 50)
    assert finding.low is not None
    assert finding.high is not None
    assert finding.low < 0.8 < finding.high
    assert finding.details["within_retries"]["value"] == 0.92
    assert (finding.details["lost"], finding.details["rate_limited"]) == (4, 3)


def test_what_was_meant_to_be_refused_and_our_own_failures_do_not_count() -> None:
    ours = Observation("k", Status.ERROR, fault=Fault.INTERNAL)
    bad = Observation("errors/x", Status.FAULTY, fault=Fault.SERVER_ERROR)
    assert judged(*[OK] * 30, *[ours] * 20, *[bad] * 20).outcome is Outcome.PASS


def test_a_send_that_had_to_be_repeated_did_not_succeed_at_once() -> None:
    assert [succeeded_at_once(o) for o in (OK, REFUSED, STALE, RETRIED, LOST)] == [True] * 3 + [False] * 2
