from __future__ import annotations

import pytest

from tests.verifier.talker import REFERENCE, Talker, about, judge, recorded_from
from verifier.checks.answer_integrity import flags, repeated, stray_letters
from verifier.checks.base import Answer, Fault, Outcome, ToolCall

NAME = "answer_integrity"
ROUND = "and then we went home again " * 12


@pytest.mark.parametrize(
    ("answer", "language", "expected"),
    [
        (Answer("A good day."), "en", set()),
        (Answer(" "), "en", {"empty"}),
        (Answer("", reasoning="Hm."), "en", {"only_reasoning"}),
        (Answer("", tool_calls=(ToolCall("1", "a", "{}"),)), "en", set()),
        (Answer(ROUND), "en", {"repetition"}),
        (Answer("我们又回家了" * 12), "zh", {"repetition"}),
        (Answer("Смотри, вот ответ"), "en", {"wrong_script"}),
        (Answer("Смотри, вот ответ"), "ru", set()),
        (Answer("北京是中国的首都，привет"), "zh", {"wrong_script"}),
        (Answer("日本の春はとても美しいです。API も使えます。"), "ja", set()),
        (Answer("한국의 가을은 아름답습니다."), "ko", set()),
        (Answer("البحر جميل"), "ar", set()),
        (Answer("Größe, naïve, Ærø – 5 µm, π ≈ 3,14"), "de", set()),
        (Answer("The word 水 means water."), "en", set()),
    ],
)
def test_what_is_wrong_with_an_answer(answer: Answer, language: str, expected: set[str]) -> None:
    assert flags(answer, language) == expected


def test_a_short_or_varied_text_does_not_go_round_in_circles() -> None:
    assert repeated("no no no no no") == 0.0
    assert repeated(" ".join(f"word{i}" for i in range(60))) == 0.0
    assert repeated(ROUND) > 0.8
    assert stray_letters("", "en") == 0


def test_whole_answers_pass() -> None:
    finding = judge(NAME, Talker(stack="other"))
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 16)


@pytest.mark.parametrize(
    ("endpoint", "named"),
    [
        (Talker(only_reasoning=True), "reasoning without an answer"),
        (Talker(says=""), "have no text"),
        (Talker(says=ROUND), "go round in circles"),
        (Talker(says="Здравствуй, мир, как дела"), "foreign script"),
    ],
    ids=["reasoning", "empty", "circles", "script"],
)
def test_a_flaw_that_the_reference_has_not_fails(endpoint: Talker, named: str) -> None:
    finding = judge(NAME, endpoint)
    assert finding.outcome is Outcome.FAIL
    assert named in finding.cause
    for seed in range(3):
        assert judge(NAME, endpoint, reference=endpoint, seed=seed).outcome is Outcome.PASS


def test_without_answers_it_says_nothing() -> None:
    assert judge(NAME, Talker(fault=Fault.SERVER_ERROR)).outcome is Outcome.FAULTY
    assert judge(NAME, Talker(fault=Fault.REJECTED)).outcome is Outcome.UNSUPPORTED
    assert judge(NAME, Talker(), session=about(recorded_from(REFERENCE))).outcome is Outcome.UNSUPPORTED
