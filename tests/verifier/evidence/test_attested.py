from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.integrity.statement import certificate_statement
from tests.leaderboard.integrity.certificates import FACTS
from verifier.evidence.attested import rows


def test_what_is_attested_is_told_in_rows() -> None:
    found = rows(certificate_statement(FACTS))
    assert found["of"] == "makers/toy at https://toys.example/v1"
    assert found["endpoint"] == "Toys, turbo by toys"
    assert found["fidelity"] == "99.54 (99.38 to 99.71), at top-20"
    assert found["declaration"] == "bf16 kept"
    assert found["private runs before"] == "0"
    assert (
        found["versions"] == "assay 0.1.0, policy 1, suite core 1.0 sha256:0" or "suite" in found["versions"]
    )


def test_what_was_not_measured_has_no_row() -> None:
    found = rows(certificate_statement(replace(FACTS, fidelity=None, grade="", evidence=[])))
    assert not {"fidelity", "grade", "evidence"} & set(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["assay", "predicate", "subject", "fidelity", "name"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(json_values, json_values)
def test_anything_that_was_signed_has_rows_of_text(predicate: Any, subject: Any) -> None:
    for statement in ({"predicate": predicate, "subject": subject}, {"predicate": {"assay": predicate}}):
        assert all(isinstance(value, str) for value in rows(statement).values())
