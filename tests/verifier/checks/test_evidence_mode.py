from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given

from tests.strategies import DETERMINISTIC, answers
from tests.verifier.small_world import baseline, recorded
from verifier.baseline.band import band, tv_score
from verifier.baseline.model import Context, ContextType, PrefixStyle
from verifier.baseline.selection import is_near_tie
from verifier.checks.base import Answer, Position, Token
from verifier.checks.evidence_mode import choose_mode, chosen_token, margin_score, scores_of_rung
from verifier.checks.session import Capabilities


def seen(k: int = 20, style: PrefixStyle | None = PrefixStyle.PLAIN) -> Capabilities:
    return Capabilities(True, k, style, "")


def tie(*tokens: bytes, prefix: str = "") -> Context:
    top = tuple(Token(token, math.log(0.4) - 0.1 * i) for i, token in enumerate(tokens))
    return Context("p/0", "p", ContextType.FIRST_TOKEN, prefix, top)


def test_with_lists_all_contexts_are_judged_by_their_distance() -> None:
    mode = choose_mode(baseline(), seen())
    assert (mode.level, mode.k) == ("distributions", 20)
    assert mode.types == (ContextType.FIRST_TOKEN, ContextType.CHAT_PREFIX)
    assert mode.contexts == baseline().contexts
    assert mode.band == band(baseline(), baseline().contexts, tv_score(20))


def test_the_band_and_the_ladder_are_those_of_the_endpoints_k_and_types() -> None:
    mode = choose_mode(baseline(), seen(5, None))
    assert mode.types == (ContextType.FIRST_TOKEN, ContextType.GREEDY)
    assert {c.type for c in mode.contexts} == {ContextType.FIRST_TOKEN, ContextType.CHAT_PREFIX}
    assert mode.band == band(baseline(), mode.contexts, tv_score(5))
    assert mode.band.delta < choose_mode(baseline(), seen()).band.delta


def test_without_lists_only_near_ties_are_judged_by_their_margin() -> None:
    mode = choose_mode(baseline(), seen(0))
    assert (mode.level, mode.k, mode.score) == ("text", 0, margin_score)
    assert mode.contexts
    assert all(is_near_tie(context) for context in mode.contexts)
    assert 0 < mode.band.delta < mode.band.c


def test_a_list_shorter_than_the_band_was_measured_with_is_set_aside() -> None:
    mode = choose_mode(baseline(), seen(5))
    context = mode.contexts[0]
    token = context.top[0].token

    def read(length: int) -> tuple[Token, ...] | None:
        positions = (Position(token, context.top[0].logprob, context.top[:length]),)
        return mode.read(context, Answer(token.decode(), positions, completion_tokens=1))

    assert read(4) is None
    assert read(5) == context.top[:5]
    assert read(20) == context.top
    short = replace(context, top=context.top[:3])
    positions = (Position(token, -0.1, short.top),)
    assert mode.read(short, Answer(token.decode(), positions, completion_tokens=1)) == short.top


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("Yes", b"Yes"),
        (" Yes", b"Yes"),
        ("Yes\n", b"Yes"),
        ("No", b" No"),
        ("Maybe", b"Maybe"),
        ("né", " né".encode()),
    ],
)
def test_the_choice_is_named_by_the_reference_list_but_for_white_space(text: str, token: bytes) -> None:
    context = tie(b"Yes", b" No", " né".encode())
    assert chosen_token(context, Answer(text, completion_tokens=1)) == (Token(token, 0.0),)


def test_of_tokens_that_read_alike_the_likeliest_is_taken() -> None:
    """An endpoint is never charged for its trimming."""
    context = tie(b" Yes", b"Yes", b"No")
    assert chosen_token(context, Answer("Yes", completion_tokens=1)) == (Token(b" Yes", 0.0),)
    assert margin_score(context, (Token(b" Yes", 0.0),)) == 0.0


def test_an_echoed_prefix_is_taken_off() -> None:
    context = tie(b" Yes", b" No", prefix="I say:")
    for text in ("I say: No", " No", "No"):
        assert chosen_token(context, Answer(text, completion_tokens=1)) == (Token(b" No", 0.0),)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(""), Answer("  \n", completion_tokens=1), Answer("", completion_tokens=0),
        Answer("Yes, it is", completion_tokens=3), Answer("Yes", completion_tokens=2),
    ],
)  # fmt: skip
def test_nothing_or_more_than_one_token_is_set_aside(answer: Answer) -> None:
    assert chosen_token(tie(b"Yes", b"No"), answer) is None


def test_an_endpoint_that_sends_more_than_asked_and_does_not_count_is_not_charged_for_it() -> None:
    context = tie(b"No", b"The", b"Then")
    read = {
        text: chosen_token(context, Answer(text))
        for text in ("The answer is 7.", "Then again", "No", " No, it", "Seven")
    }
    assert {text: top and top[0].token for text, top in read.items()} == {
        "The answer is 7.": b"The", "Then again": b"The", "No": b"No", " No, it": b"No", "Seven": b"Seven",
    }  # fmt: skip


@DETERMINISTIC
@given(answers)
def test_no_parsed_answer_is_a_crash_or_a_score_outside_0_to_1(answer: Answer) -> None:
    for k in (20, 0):
        mode = choose_mode(recorded(), seen(k))
        for context in mode.contexts[:3]:
            top = mode.read(context, answer)
            assert top is None or 0 <= mode.score(context, top) <= 1


def test_the_rung_that_faithful_must_exclude_is_the_smallest_clear_of_the_band() -> None:
    mode = choose_mode(baseline(), seen())
    scores = scores_of_rung(baseline(), mode)
    assert mode.band.excludes == "INT8 and coarser"
    assert scores is not None
    assert sum(map(len, scores)) == len(mode.contexts)
    means = [math.fsum(values) / len(values) for values in scores]
    assert math.fsum(means) / len(means) == pytest.approx(mode.band.c)
    assert scores_of_rung(recorded(), choose_mode(recorded(), seen())) is None
