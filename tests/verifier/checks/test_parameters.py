from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.verifier.engine import Behaving, asking, behaved
from tests.verifier.small_world import HONEST, SUITE, baseline
from tests.verifier.synthetic import converse
from verifier.baseline.model import Baseline
from verifier.checks.base import Outcome
from verifier.checks.parameters import CHECK, RELIED_ON, record
from verifier.checks.recording import Recorder
from verifier.contracts import contract_for

NAMES = (
    *("temperature", "top_p", "max_tokens", "stop", "n", "seed"),
    *("logit_bias", "frequency_penalty", "presence_penalty"),
)


@cache
def known(**habits: Any) -> Baseline:
    """A baseline that holds what the reference did with every parameter."""
    recording = record(Recorder(SUITE, contract_for("toy"), 0))
    return replace(baseline(), behaviour={CHECK.name: converse(recording, Behaving(**habits))})


def test_the_reference_obeys_every_parameter() -> None:
    assert known().behaviour[CHECK.name]["verdicts"] == dict.fromkeys(NAMES, "obeyed")


@pytest.mark.parametrize("k", [0, 5])
@pytest.mark.parametrize("seed", range(3))
def test_an_honest_engine_passes_with_and_without_lists(k: int, seed: int) -> None:
    finding = behaved(CHECK, Behaving(noise=HONEST, stack="x"), known(), k=k, seed=seed)
    assert finding.outcome is Outcome.PASS, finding
    assert finding.estimate == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_without_effect_is_named(name: str) -> None:
    finding = behaved(CHECK, Behaving(ignores=frozenset({name})), known())
    assert finding.details["parameters"][name] == "ignored"
    assert list(finding.details["parameters"].values()).count("ignored") == 1
    assert finding.outcome is (Outcome.FAIL if name in RELIED_ON else Outcome.WARN)
    assert name in finding.cause


@pytest.mark.parametrize("name", NAMES[:4])
def test_what_is_relied_on_is_judged_by_the_text_alone_too(name: str) -> None:
    assert behaved(CHECK, Behaving(ignores=frozenset({name})), known(), k=0).outcome is Outcome.FAIL


@pytest.mark.parametrize("temperature", [0.0, 0.7, 2.0])
def test_a_temperature_of_the_endpoints_own_is_found(temperature: float) -> None:
    finding = behaved(CHECK, Behaving(always={"temperature": temperature}), known())
    assert finding.details["parameters"]["temperature"] == "ignored"


@pytest.mark.parametrize("name", ["n", "seed", "logit_bias", "presence_penalty"])
def test_a_refusal_is_told_and_is_no_fault(name: str) -> None:
    finding = behaved(CHECK, Behaving(refuses=frozenset({name})), known())
    assert finding.outcome is Outcome.PASS
    assert finding.details["parameters"][name] == "refused"
    assert name in finding.cause.partition("refuses")[2]


def test_what_shows_no_effect_at_the_reference_is_held_against_nobody() -> None:
    same = known(ignores=frozenset({"presence_penalty"}))
    finding = behaved(CHECK, Behaving(ignores=frozenset({"presence_penalty"})), same)
    assert finding.outcome is Outcome.PASS
    assert finding.details["parameters"]["presence_penalty"] == "unclear"


def test_an_endpoint_that_fails_or_refuses_everything_is_not_accused() -> None:
    for endpoint in (Behaving(fails=1.0), Behaving(refuses=frozenset({"messages"}))):
        finding = behaved(CHECK, endpoint, known())
        assert (finding.outcome, finding.estimate) == (Outcome.UNSUPPORTED, None)


def test_the_plan_sets_the_number_of_questions() -> None:
    endpoint = Behaving()
    session = asking(known())
    session.plan = replace(session.plan, checks={CHECK.name: {"cases": 1}})
    converse(CHECK.run(session), endpoint)
    assert len(endpoint.asked) <= 14
