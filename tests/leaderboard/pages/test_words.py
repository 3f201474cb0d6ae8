from __future__ import annotations

import re
from pathlib import Path

import pytest

from leaderboard.pages import words
from verifier.checks.base import Outcome, Status
from verifier.models import RunState, Verdict

SHAPES = (Path(__file__).parents[3] / "templates" / "parts" / "shape.html").read_text()


def test_every_verdict_outcome_status_and_state_has_its_word() -> None:
    assert set(words.VERDICTS) == set(Verdict.values)
    assert set(words.OUTCOMES) == {str(outcome) for outcome in Outcome}
    assert set(words.STATUSES) == {str(status) for status in Status}
    assert set(words.STATES) == set(RunState.values)


def test_verdicts_differ_in_shape_and_not_only_in_colour() -> None:
    for group in (words.VERDICTS, words.OUTCOMES):
        shapes = [term.shape for term in group.values()]
        assert len(shapes) == len(set(shapes))


@pytest.mark.parametrize(
    "term", [*words.VERDICTS.values(), *words.OUTCOMES.values()], ids=lambda term: term.word
)
def test_every_shape_is_drawn(term: words.Term) -> None:
    drawn = re.findall(r'term\.shape == "([a-z-]+)"', SHAPES)
    assert term.shape in [*drawn, "dash"], "a dash is what remains when no other shape is named"


def test_an_unknown_word_is_shown_without_a_judgement() -> None:
    assert words.outcome("novel") == words.Term("novel", "none", "quiet", "")
    assert words.status("novel").tone == "quiet"
    assert words.verdict(None) is words.NOT_YET
    assert words.verdict("different-model").title == "Different model"
