from __future__ import annotations

import math

import pytest
from hypothesis import given

from tests.strategies import DETERMINISTIC, answers, texts
from tests.verifier.small_world import SUITE, recorded
from verifier.baseline.model import ContextType, PrefixProbe, PrefixStyle
from verifier.checks.asking import (
    SEEDS,
    chat_body,
    context_probe,
    continues,
    draw_seed,
    first_token_list,
    is_named,
    is_whole,
    new_text,
)
from verifier.checks.base import Answer, Fault, Observation, Position, Purpose, Status, Token

MESSAGES = ({"role": "user", "content": "Hello"},)
HALF = b"\xf0\x9f\x98"


def listed(*tokens: bytes) -> tuple[Token, ...]:
    return tuple(Token(token, -0.7 * (i + 1)) for i, token in enumerate(tokens))


def answer(text: str, *entries: bytes, count: int | None = 1) -> Answer:
    positions = tuple(Position(entry, -0.5, listed(entry, b" other")) for entry in entries)
    return Answer(text, positions, completion_tokens=count)


def test_a_plain_request_asks_for_one_token_and_nothing_unusual() -> None:
    assert chat_body(MESSAGES) == {"messages": [dict(MESSAGES[0])], "max_tokens": 1, "temperature": 0.0}
    assert chat_body(MESSAGES, top_logprobs=5)["logprobs"] is True
    assert chat_body(MESSAGES, top_logprobs=5)["top_logprobs"] == 5


@pytest.mark.parametrize(
    ("style", "last", "body"),
    [
        (PrefixStyle.PLAIN, {}, {}),
        (None, {}, {}),
        (PrefixStyle.PREFIX, {"prefix": True}, {}),
        (PrefixStyle.PARTIAL, {"partial": True}, {}),
        (PrefixStyle.CONTINUE, {}, {"continue_final_message": True, "add_generation_prompt": False}),
    ],
)
def test_each_style_pins_the_beginning_of_the_answer(
    style: PrefixStyle | None, last: dict[str, object], body: dict[str, object]
) -> None:
    made = chat_body(MESSAGES, prefix="So I", style=style)
    assert made["messages"] == [dict(MESSAGES[0]), {"role": "assistant", "content": "So I", **last}]
    assert {key: made[key] for key in made.keys() - {"messages", "max_tokens", "temperature"}} == body


def test_a_style_without_a_prefix_changes_nothing() -> None:
    assert chat_body(MESSAGES, style=PrefixStyle.CONTINUE) == chat_body(MESSAGES)


def test_the_suites_messages_are_not_touched() -> None:
    chat_body(MESSAGES, prefix="x", style=PrefixStyle.PREFIX)["messages"][0]["content"] = "changed"
    assert MESSAGES[0] == {"role": "user", "content": "Hello"}


def test_a_context_is_asked_for_under_its_own_name() -> None:
    context = next(one for one in recorded().contexts if one.type is ContextType.CHAT_PREFIX)
    prompt = next(prompt for prompt in SUITE.prompts if prompt.id == context.prompt_id)
    probe = context_probe(context, prompt, PrefixStyle.PLAIN, 20, Purpose.DECISION)
    assert (probe.key, probe.api, probe.purpose) == (context.id, "chat/completions", Purpose.DECISION)
    assert probe.body["messages"][-1] == {"role": "assistant", "content": context.prefix}
    assert probe.body["max_tokens"] == 1
    assert "top_logprobs" not in context_probe(context, prompt, None, None, Purpose.DECISION).body


@DETERMINISTIC
@given(texts, texts)
def test_an_echoed_prefix_is_not_new(prefix: str, text: str) -> None:
    assert new_text(Answer(prefix + text), prefix) == text
    assert new_text(Answer(text), "") == text


@pytest.mark.parametrize(
    ("given_answer", "prefix"),
    [
        (answer("Hello", b"Hello"), ""),
        (answer(" word", b" word"), "So I"),
        (answer("So I word", b" word"), "So I"),
        (answer("word", b" word"), "So I"),
        (answer("", b"\n"), ""),
        (answer("\n", b"\n"), ""),
        (answer("Hello", b"Hello", count=None), ""),
        (answer("Hello you", b"Hello", b" you", count=2), ""),
        (answer("Hello you", b"Hello", b" you", count=None), ""),
    ],
    ids=[
        "plain", "continued", "echoed", "trimmed", "trimmed-to-nothing", "white-space", "uncounted",
        "more-than-asked", "more-and-uncounted",
    ],
)  # fmt: skip
def test_an_honest_answer_is_read_however_it_is_written(given_answer: Answer, prefix: str) -> None:
    assert given_answer.positions
    assert first_token_list(given_answer, prefix) == given_answer.positions[0].top


@pytest.mark.parametrize(
    "given_answer",
    [
        Answer("Hello"),
        Answer("Hello", ()),
        Answer("Hello", (Position(b"Hello", -0.5),)),
        answer("Hello you", b" you", count=2),
        answer("Hello you", b" you", count=None),
        answer("Hello", b"Goodbye"),
        answer("", b"<|end|>", count=2),
        answer("😀", b"\x80", count=2),
        answer("😀", HALF + b"\x80", count=2),
    ],
    ids=[
        "no-logprobs", "no-entries", "empty-list", "first-left-out", "first-left-out-uncounted", "other-text",
        "entry-of-a-later-token", "half-left-out", "half-merged",
    ],
)  # fmt: skip
def test_what_does_not_align_is_set_aside(given_answer: Answer) -> None:
    """Another token's list, compared with the first's, would accuse an honest endpoint."""
    assert first_token_list(given_answer, "") is None


def test_the_order_in_which_a_server_lists_ties_does_not_matter() -> None:
    tie = (Token(b"b", -1.0), Token(b"a", -1.0), Token(b"c", -0.5))
    lists = [
        first_token_list(Answer("c", (Position(b"c", -0.5, top),)), "") for top in (tie, tuple(reversed(tie)))
    ]
    assert lists == [(Token(b"c", -0.5), Token(b"a", -1.0), Token(b"b", -1.0))] * 2


def test_halves_that_a_server_cannot_name_make_a_list_unreadable_where_they_carry_weight() -> None:
    unnamed = "\ufffd".encode()
    heavy = (Token(b"a", math.log(0.9)), Token(unnamed, math.log(0.05)))
    light = (Token(b"a", math.log(0.9)), Token(unnamed, math.log(0.0005)))
    exact = (Token(b"a", math.log(0.9)), Token(HALF, math.log(0.05)))
    assert [is_named(top) for top in (heavy, light, exact, ())] == [False, True, True, False]
    assert first_token_list(Answer("a", (Position(b"a", -0.1, heavy),)), "") is None


def test_a_shorter_list_is_whole_where_it_leaves_out_next_to_nothing() -> None:
    """A server that does not list the impossible must not lose the places where a model is certain."""
    certain = (Token(b"a", math.log(0.98)), Token(b"b", math.log(0.015)))
    open_list = (Token(b"a", math.log(0.6)), Token(b"b", math.log(0.3)))
    assert is_whole(certain, 20)
    assert not is_whole(open_list, 20)
    assert is_whole(open_list, 2)
    assert not is_whole((), 1)


PLACE = PrefixProbe("p1", "The capital is", b" Paris")


@pytest.mark.parametrize("text", [" Paris", "Paris", "The capital is Paris", "The capital is  Paris\n"])
def test_a_continued_answer_goes_on_as_the_reference_is_certain_to(text: str) -> None:
    assert continues(PLACE, Observation("k", Status.OK, Answer(text)))


@pytest.mark.parametrize("text", ["", "The", "The capital is", " Paris is", "Sure", "PARIS"])
def test_an_answer_begun_anew_does_not(text: str) -> None:
    assert not continues(PLACE, Observation("k", Status.OK, Answer(text)))
    assert not continues(PLACE, Observation("k", Status.FAULTY, fault=Fault.TIMEOUT))


def test_damaged_weights_still_continue_where_the_expected_token_is_likely() -> None:
    def lists(expected: float) -> Observation:
        top = (Token(b" Lyon", math.log(0.6)), Token(b" Paris", math.log(expected)))
        return Observation("k", Status.OK, Answer(" Lyon", (Position(b" Lyon", -0.5, top),)))

    assert continues(PLACE, lists(0.06))
    assert not continues(PLACE, lists(0.01))


@DETERMINISTIC
@given(answers, texts)
def test_no_parsed_answer_is_a_crash(given_answer: Answer, prefix: str) -> None:
    top = first_token_list(given_answer, prefix)
    assert top is None or len(top) == len(given_answer.positions[0].top if given_answer.positions else ())
    assert continues(PLACE, Observation("k", Status.OK, given_answer)) in (True, False)


def test_every_place_of_a_run_is_drawn_with_a_seed_of_its_own() -> None:
    seeds = {draw_seed(run, f"p{place}/0") for run in range(3) for place in range(300)}
    assert len(seeds) == 900
    assert all(0 <= seed < SEEDS for seed in seeds)
    assert draw_seed(3, "p1/0") == draw_seed(3, "p1/0")
