from __future__ import annotations

from tests.bench.broken import wrong
from verifier.checks.base import Finding, Outcome


def finding(check: str, outcome: Outcome) -> Finding:
    return Finding(check, "1", outcome, f"{check} says {outcome}")


HEALTHY = {name: finding(name, Outcome.PASS) for name in ("usage", "parameters", "errors")}


def test_found_by_the_check_meant_for_it_alone_is_as_it_should_be() -> None:
    assert wrong("false-usage", HEALTHY | {"usage": finding("usage", Outcome.FAIL)}, HEALTHY) == []


def test_what_was_missed_and_what_another_found_is_told() -> None:
    found = HEALTHY | {"errors": finding("errors", Outcome.WARN)}
    assert wrong("false-usage", found, HEALTHY) == [
        "false-usage: usage found nothing",
        "false-usage: errors was not meant to find: errors says warn",
    ]


def test_a_check_that_cannot_be_asked_of_the_model_misses_nothing() -> None:
    healthy = HEALTHY | {"usage": finding("usage", Outcome.UNSUPPORTED)}
    assert wrong("false-usage", healthy, healthy) == []
