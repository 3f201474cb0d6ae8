from __future__ import annotations

from dataclasses import replace

from tests.verifier.engine import Behaving, asking, behaved
from tests.verifier.synthetic import converse
from verifier.checks.base import Finding, Outcome
from verifier.checks.immutable_parameters import CHECK, forbidden_values
from verifier.contracts import Contract

FIXING = Contract(
    "maker",
    "1",
    "https://example.org/api",
    immutable={"temperature": (0.3, 1.0), "top_p": (0.95,)},
    refused={"n": 4},
)


def fixed(endpoint: Behaving) -> Finding:
    session = asking()
    session.contract = FIXING
    return converse(CHECK.run(session), endpoint)


def test_a_value_is_taken_that_is_valid_elsewhere_and_not_here() -> None:
    assert forbidden_values(FIXING) == {"temperature": 0.7, "top_p": 0.5, "n": 4}
    assert forbidden_values(replace(FIXING, immutable={"unheard_of": (1,)}, refused={})) == {}


def test_an_endpoint_that_refuses_them_all_passes() -> None:
    finding = fixed(Behaving(refuses=frozenset({"temperature", "top_p", "n"})))
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 3)


def test_what_is_taken_is_named() -> None:
    finding = fixed(Behaving(refuses=frozenset({"temperature"})))
    assert finding.outcome is Outcome.WARN
    assert finding.details["accepted"] == ["top_p", "n"]
    assert "top_p, n" in finding.cause


def test_silence_is_no_refusal() -> None:
    assert fixed(Behaving(fails=1.0)).outcome is Outcome.FAULTY


def test_most_contracts_fix_nothing_and_nothing_is_asked() -> None:
    endpoint = Behaving()
    assert behaved(CHECK, endpoint).outcome is Outcome.UNSUPPORTED
    assert endpoint.asked == []
