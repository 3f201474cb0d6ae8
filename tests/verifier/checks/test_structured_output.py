from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.verifier.engine import Behaving, behaved, instance
from tests.verifier.small_world import SUITE, baseline
from tests.verifier.synthetic import converse
from verifier.checks.base import Answer, Outcome
from verifier.checks.recording import Recorder
from verifier.checks.structured_output import CHECK, OBJECT, SCHEMA, SCHEMAS, fault_of, record, requests
from verifier.contracts import contract_for

FORMATS = [probe.body["response_format"] for probe in requests(3)]


def test_an_endpoint_that_keeps_to_the_formats_passes() -> None:
    finding = behaved(CHECK, Behaving())
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 4)


def test_prose_is_found() -> None:
    finding = behaved(CHECK, Behaving(prose=True))
    assert finding.outcome is Outcome.FAIL
    assert finding.estimate == 0.0


def test_a_refusal_is_unsupported_and_silence_is_not_judged() -> None:
    finding = behaved(CHECK, Behaving(refuses=frozenset({"response_format"})))
    assert (finding.outcome, finding.details["refused"]) == (Outcome.UNSUPPORTED, [OBJECT, SCHEMA])
    assert behaved(CHECK, Behaving(fails=1.0)).outcome is Outcome.UNSUPPORTED
    assert behaved(CHECK, Behaving(silent=True, prose=True)).outcome is Outcome.UNSUPPORTED


def test_a_format_that_the_reference_does_not_keep_to_is_held_against_nobody() -> None:
    recorder = Recorder(SUITE, contract_for("toy"), 0)
    kept = converse(record(recorder), Behaving())
    assert kept == {OBJECT: True, SCHEMA: True}
    # Its prose ends before the limit, or else it would not be judged at all.
    unkept = {OBJECT: False, SCHEMA: False}
    assert set(converse(record(recorder), Behaving(prose=True)).items()) <= set(unkept.items())
    known = replace(baseline(), behaviour={CHECK.name: unkept})
    assert behaved(CHECK, Behaving(prose=True), known).outcome is Outcome.UNSUPPORTED


@pytest.mark.parametrize("wanted", FORMATS, ids=str)
def test_what_is_in_the_format_and_what_is_not(wanted: dict[str, object]) -> None:
    good = json.dumps(instance(wanted))
    assert fault_of(Answer(good), wanted) == ""
    assert fault_of(Answer(f"```json\n{good}\n```"), wanted) == "no JSON"
    assert fault_of(Answer(f"Here it is: {good}"), wanted) == "no JSON"
    assert fault_of(Answer("[1]"), wanted) == "no object"
    other = fault_of(Answer('{"other": 1}'), wanted)
    assert other == ("" if wanted["type"] == OBJECT else "not as the schema says")


def test_every_schema_is_closed_so_that_no_answer_in_it_is_long() -> None:
    for _, schema in SCHEMAS:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def test_an_answer_that_is_cut_off_is_not_judged() -> None:
    endless = Behaving(prose=True, always={"max_tokens": 3})
    assert behaved(CHECK, endless).outcome is Outcome.UNSUPPORTED
