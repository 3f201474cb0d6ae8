from __future__ import annotations

from dataclasses import replace
from typing import Any

from leaderboard.integrity.statement import certificate_statement
from tests.leaderboard.integrity.certificates import FACTS


def test_it_is_an_in_toto_statement_with_a_simple_verification_result() -> None:
    said = certificate_statement(FACTS)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    (subject,) = said["subject"]
    assert subject["uri"] == "https://toys.example/v1"
    assert subject["annotations"]["model"] == "makers/toy"
    assert len(subject["digest"]["sha256"]) == 64
    assert said["predicateType"] == "https://in-toto.io/attestation/svr/v0.1"
    predicate = said["predicate"]
    assert set(predicate) == {"verifier", "timeCreated", "properties", "assay"}
    assert predicate["verifier"] == {"id": "https://assay.example/"}
    assert predicate["timeCreated"] == "2026-03-01T12:00:00Z"
    assert predicate["properties"] == [
        "ASSAY_VERDICT_FAITHFUL", "ASSAY_GRADE_A+", "ASSAY_EVIDENCE_DISTRIBUTIONS", "ASSAY_DECLARATION_KEPT",
    ]  # fmt: skip
    told = predicate["assay"]
    assert told["fidelity"] == {"value": 99.54, "low": 99.38, "high": 99.71}
    assert (told["measured"], told["valid_until"]) == ("2026-03-01T11:00:00Z", "2026-05-30T12:00:00Z")
    assert told["evidence"] == ["sha256:2"]


def test_the_subject_is_another_where_address_model_or_weights_are() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"base_url": "https://x.example/v1"},
        {"upstream_model": "toy-2"},
        {"revision": "another"},
    ]
    digests = {
        certificate_statement(replace(FACTS, **change))["subject"][0]["digest"]["sha256"]
        for change in changes
    }
    assert len(digests) == 4


def test_without_fidelity_none_is_attested() -> None:
    assert certificate_statement(replace(FACTS, fidelity=None))["predicate"]["assay"]["fidelity"] is None
