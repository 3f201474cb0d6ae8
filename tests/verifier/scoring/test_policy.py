from __future__ import annotations

from verifier.cli.verify import EXIT
from verifier.scoring import policy


def test_the_policy_has_a_version() -> None:
    assert policy.VERSION
    assert isinstance(policy.VERSION, str)


def test_the_accusing_verdicts_are_those_that_end_with_status_1() -> None:
    assert {verdict for verdict, status in EXIT.items() if status == 1} == policy.ACCUSING
