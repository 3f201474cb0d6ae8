from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.verifier.engine import Behaving, behaved
from tests.verifier.small_world import HONEST, SUITE, baseline
from tests.verifier.synthetic import converse
from verifier.baseline.model import Baseline
from verifier.checks.base import Answer, Outcome, Position, Probe, Purpose, ToolCall
from verifier.checks.recording import Recorder
from verifier.checks.usage import CHECK, LEAST, possible_counts, record
from verifier.contracts import contract_for


@cache
def known() -> Baseline:
    counts = converse(record(Recorder(SUITE, contract_for("toy"), 0)), Behaving())
    return replace(baseline(), behaviour={CHECK.name: counts})


def asked(tokens: int = 20) -> Probe:
    return Probe("k", "chat/completions", {"max_tokens": tokens}, Purpose.BEHAVIOUR)


def spelling(*tokens: bytes) -> Answer:
    text = b"".join(tokens).decode(errors="replace")
    return Answer(text, tuple(Position(token, -0.1) for token in tokens), "stop")


@pytest.mark.parametrize("k", [0, 5])
def test_true_counts_pass(k: int) -> None:
    finding = behaved(CHECK, Behaving(noise=HONEST, stack="x"), known(), k=k)
    assert finding.outcome is Outcome.PASS, finding
    assert finding.n
    assert finding.estimate == 1.0


@pytest.mark.parametrize(("k", "invents"), [(0, -4), (0, 3), (0, 12), (5, 12), (5, 30)])
def test_invented_counts_are_found(k: int, invents: int) -> None:
    finding = behaved(CHECK, Behaving(invents=invents), known(), k=k)
    assert finding.outcome is Outcome.FAIL
    assert finding.details["wrong"]


def test_one_token_more_or_less_is_nobodys_lie() -> None:
    for invents in (-1, 1):
        assert behaved(CHECK, Behaving(invents=invents), known(), k=0).outcome is Outcome.PASS


def test_no_usage_is_unsupported() -> None:
    finding = behaved(CHECK, Behaving(usage=False), known())
    assert (finding.outcome, finding.estimate) == (Outcome.UNSUPPORTED, None)
    assert "reports no" in finding.cause
    assert behaved(CHECK, Behaving(fails=1.0), known()).outcome is Outcome.UNSUPPORTED


def test_entries_are_counted_and_may_stand_for_several_tokens() -> None:
    plain = spelling(*[b"a"] * 10)
    assert possible_counts(asked(), plain, {}) == (10, 10)
    assert possible_counts(asked(), spelling(*[b"a"] * 9, "日".encode()), {}) == (10, 13)
    assert possible_counts(asked(), spelling(*[b"a"] * (LEAST - 1)), {}) is None, "too short"


def test_without_entries_the_limit_or_the_reference_tells() -> None:
    cut = Answer("some text", finish_reason="length")
    assert possible_counts(asked(20), cut, {}) == (20, 20)
    assert possible_counts(asked(LEAST - 1), cut, {}) is None
    ended = replace(cut, finish_reason="stop")
    assert possible_counts(asked(20), ended, {}) is None
    assert possible_counts(asked(20), ended, {"some text": 13}) == (13, 13)


def test_thoughts_calls_and_further_choices_are_not_counted_by_the_text() -> None:
    cut = Answer("some text", finish_reason="length")
    for change in (
        {"reasoning": "so"},
        {"tool_calls": (ToolCall("1", "f", "{}"),)},
        {"others": ("b",)},
    ):
        assert possible_counts(asked(), replace(cut, **change), {}) is None
