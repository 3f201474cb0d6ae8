from __future__ import annotations

import pytest

from tests.verifier.small_world import HONEST, INT4, SUITE, baseline, verify
from tests.verifier.synthetic import Synthetic
from verifier.baseline.model import Context, ContextType
from verifier.checks.base import Answer, Position, Purpose, Token
from verifier.checks.greedy_answers import answer_probe, choice_at, list_at, position_at


def position(token: str) -> Position:
    top = (Token(token.encode(), -0.1), Token(b" else", -2.6))
    return Position(token.encode(), -0.1, top)


ANSWER = Answer("Red and blue", tuple(map(position, ("Red", " and", " blue"))))
LISTED = (Token(b" blue", -0.2), Token(b" bl", -1.9))


def context(prefix: str, place: int) -> Context:
    return Context(f"p/{place}", "p", ContextType.CHAT_PREFIX, prefix, LISTED)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", b"Red"),
        ("Red", b" and"),
        ("Red and", b" blue"),
        ("Red and blue", None),
        ("Red or", None),
        ("Re", None),
    ],
)
def test_a_place_is_found_while_the_texts_are_the_same(prefix: str, found: bytes | None) -> None:
    seen = position_at(context(prefix, 0), ANSWER)
    assert (seen and seen.token) == found
    top = list_at(context(prefix, 0), ANSWER, 2)
    assert (top and top[0].token) == found


def test_an_entry_that_was_left_out_sets_the_place_aside() -> None:
    """The server omitted the entry of " and": the next one is not the list at that place."""
    gap = Answer("Red and blue", (position("Red"), position(" blue")))
    assert list_at(context("Red", 1), gap, 2) is None


def test_a_choice_is_the_likeliest_listed_token_that_the_text_goes_on_with() -> None:
    assert choice_at(context("Red and", 2), ANSWER) == (Token(b" blue", 0.0),)
    assert choice_at(context("Red", 1), ANSWER) == (Token(b" and blue", 0.0),)
    assert choice_at(context("Red or", 1), ANSWER) is None
    assert choice_at(context("Red and blue", 3), ANSWER) is None


def test_one_answer_is_as_long_as_its_last_place_needs() -> None:
    prompt = SUITE.prompts[0]
    contexts = [Context(f"{prompt.id}/{n}", prompt.id, ContextType.CHAT_PREFIX, "x", LISTED) for n in (0, 4)]
    assert answer_probe(prompt, contexts, 5, Purpose.DECISION).body["max_tokens"] == 7
    assert answer_probe(prompt, contexts[:1], 0, Purpose.DECISION).body["max_tokens"] == 1
    assert "top_logprobs" not in answer_probe(prompt, contexts, 0, Purpose.DECISION).body


@pytest.mark.parametrize("lists", [True, False])
def test_an_endpoint_that_does_not_continue_is_judged_inside_its_own_answers(lists: bool) -> None:
    honest = verify(Synthetic(continues=None, noise=HONEST, stack="x", logprobs=lists))
    assert honest["verdict"] in ("faithful", "inconclusive")
    assert honest["evidence_level"] == ("greedy" if lists else "text")
    assert honest["context_types"] == ["first_token", "greedy"]
    degraded = verify(Synthetic(continues=None, noise=INT4, stack="x", logprobs=lists))
    assert degraded["verdict"] == "deviating"
    assert {context.type for context in baseline().contexts} == {
        ContextType.FIRST_TOKEN,
        ContextType.CHAT_PREFIX,
    }
