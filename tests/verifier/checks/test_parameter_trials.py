from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from verifier.checks.base import Answer, Fault, Observation, Position, Status, Token
from verifier.checks.parameter_trials import (
    Seen,
    Verdict,
    first_round,
    second_round,
    stop_word,
    strays,
    verdicts,
)

TEXT = "The keeper climbed the stairs and lit the lamp before the storm came in."


def seen(cases: Sequence[int] = (0, 1, 2), **answers: str | Answer | Fault | Sequence[str]) -> Seen:
    """The same answer for every case, or one each."""
    found = {}
    for name, given in answers.items():
        for place, case in enumerate(cases):
            one = given if isinstance(given, str | Answer | Fault) else given[place]
            key = f"parameters/{name.replace('__', '-')}/{case}"
            if isinstance(one, Fault):
                found[key] = Observation(key, one.status, fault=one)
            else:
                answer = one if isinstance(one, Answer) else Answer(one, finish_reason="length")
                found[key] = Observation(key, Status.OK, answer)
    return Seen(cases, found)


def listed(*gaps: float) -> Answer:
    """An answer whose tokens lie so many nats below the likeliest of their lists."""
    positions = [Position(b"x", -0.5 - gap, (Token(b"y", -0.5), Token(b"x", -0.5 - gap))) for gap in gaps]
    return Answer("x" * len(gaps), tuple(positions), "length")


def test_every_request_has_a_name_of_its_own_and_changes_one_thing() -> None:
    probes = first_round([4, 2], lists=True)
    assert len({probe.key for probe in probes}) == len(probes)
    bodies = {probe.key: probe.body for probe in probes}
    assert bodies["parameters/plain/4"] == bodies["parameters/again/4"]
    changed = {
        name
        for name, value in bodies["parameters/presence_penalty/4"].items()
        if bodies["parameters/plain/4"].get(name) != value
    }
    assert changed == {"presence_penalty"}
    assert [p.asking for p in probes if "/again/" in p.key or "/redrawn/" in p.key] == [1] * 4


@pytest.mark.parametrize(
    ("gaps", "verdict"),
    [
        ((0.0,) * 9, Verdict.OBEYED),
        ((0.0, 0.3, 0.4, 0.0), Verdict.OBEYED),
        ((0.0, 3.0, 0.0), Verdict.IGNORED),
    ],
    ids=str,
)
def test_temperature_0_chooses_the_likeliest_of_its_own_list(
    gaps: tuple[float, ...], verdict: Verdict
) -> None:
    found = seen(plain=listed(*gaps), again=listed(*gaps), drawn=["a", "b", "c"], drawn__otherwise="d")
    assert verdicts(found)["temperature"] is verdict


def test_without_lists_repeats_tell() -> None:
    other = ["One thing", "Another thing altogether", "Some third thing"]
    assert verdicts(seen(plain=TEXT, again=TEXT, drawn=other))["temperature"] is Verdict.OBEYED
    assert verdicts(seen(plain=TEXT, again=other))["temperature"] is Verdict.IGNORED
    assert verdicts(seen((0, 1), plain=TEXT, again=other))["temperature"] is Verdict.UNCLEAR, "too few"
    assert verdicts(seen(plain=TEXT, again=[TEXT, TEXT, other[0]]))["temperature"] is Verdict.UNCLEAR
    later = f"{TEXT[:40]} something else"
    assert verdicts(seen(plain=TEXT, again=later))["temperature"] is Verdict.OBEYED, "a near tie"


def test_draws_that_never_differ_are_no_draws() -> None:
    found = seen(plain=TEXT, again=TEXT, drawn=TEXT, drawn__otherwise=TEXT)
    assert verdicts(found)["temperature"] is Verdict.IGNORED
    found = seen(plain=TEXT, again=TEXT, drawn=TEXT, drawn__otherwise=[TEXT, TEXT, "Else"])
    assert verdicts(found)["temperature"] is Verdict.OBEYED


def test_top_p() -> None:
    assert verdicts(seen(top_p=listed(0.0, 0.2)))["top_p"] is Verdict.OBEYED
    assert verdicts(seen(top_p=listed(0.0, 2.0, 0.9)))["top_p"] is Verdict.IGNORED
    assert verdicts(seen(plain=TEXT, top_p="Quite another text"))["top_p"] is Verdict.IGNORED


def test_max_tokens_is_judged_by_what_came_and_not_by_what_is_reported() -> None:
    short = replace(listed(*[0.0] * 6), completion_tokens=20)
    assert verdicts(seen((0,), max_tokens=short))["max_tokens"] is Verdict.OBEYED
    assert verdicts(seen((0,), max_tokens=listed(*[0.0] * 7)))["max_tokens"] is Verdict.IGNORED
    assert verdicts(seen((0,), max_tokens="The keeper climbed"))["max_tokens"] is Verdict.OBEYED
    assert verdicts(seen((0,), max_tokens=TEXT))["max_tokens"] is Verdict.IGNORED
    assert verdicts(seen((0,), max_tokens=""))["max_tokens"] is Verdict.UNCLEAR


def test_stop_words_are_from_the_middle_of_the_endpoints_own_answer() -> None:
    word = stop_word(Answer(TEXT))
    assert word in TEXT[len(TEXT) // 4 : -1]
    assert stop_word(Answer("a b c d e")) == ""
    assert stop_word(None) == ""
    assert stop_word(Answer("lamp or lamp or lamp or")) == "", "it came before"
    (probe, _) = second_round(seen((0, 1), plain=TEXT))
    assert probe.body["stop"] == [word]


def test_stop() -> None:
    word = stop_word(Answer(TEXT))
    before = TEXT.partition(word)[0]
    for text, verdict in (
        (before, Verdict.OBEYED),
        (before + word, Verdict.OBEYED),
        (TEXT, Verdict.IGNORED),
        (f"{TEXT[:20]} somewhere else and with other words, all of them quite long", Verdict.UNCLEAR),
    ):
        assert verdicts(seen(plain=TEXT, stop=text))["stop"] is verdict, text


def test_n_seed_bias_and_penalties() -> None:
    assert verdicts(seen((0,), n=Answer("a", others=("b",))))["n"] is Verdict.OBEYED
    assert verdicts(seen((0,), n="a"))["n"] is Verdict.IGNORED
    drawn = ["One thing", "Another thing", "Some third thing"]
    assert verdicts(seen(drawn=drawn, redrawn=drawn))["seed"] is Verdict.OBEYED
    assert verdicts(seen(drawn=drawn, redrawn=drawn[::-1]))["seed"] is Verdict.UNCLEAR, "one is the same"
    assert verdicts(seen(drawn=drawn, redrawn=TEXT))["seed"] is Verdict.IGNORED
    assert verdicts(seen((0,), plain=TEXT, logit_bias="()()()"))["logit_bias"] is Verdict.OBEYED
    assert verdicts(seen((0,), plain=TEXT, logit_bias=TEXT[:17]))["logit_bias"] is Verdict.IGNORED
    yes = "yes " * 20
    for plain, penalised, verdict in (
        (yes, yes, Verdict.IGNORED),
        (yes, "yes yes no", Verdict.OBEYED),
        (TEXT, TEXT, Verdict.UNCLEAR),
    ):
        found = verdicts(seen((0,), repetition=plain, frequency_penalty=penalised))
        assert found["frequency_penalty"] is verdict
    assert verdicts(seen(plain=TEXT, presence_penalty=TEXT))["presence_penalty"] is Verdict.IGNORED
    some = [TEXT, TEXT, TEXT[:-1]]
    assert verdicts(seen(plain=TEXT, presence_penalty=some))["presence_penalty"] is Verdict.OBEYED


def test_a_refusal_is_a_refusal_and_silence_shows_nothing() -> None:
    found = verdicts(seen(plain=TEXT, n=Fault.REJECTED, stop=Fault.SERVER_ERROR, drawn=Fault.REJECTED))
    assert (found["n"], found["seed"], found["temperature"]) == (Verdict.REFUSED,) * 3
    assert found["stop"] is Verdict.UNCLEAR
    assert set(verdicts(seen()).values()) == {Verdict.UNCLEAR}


def test_strays_count_tokens_with_lists_only() -> None:
    assert strays([listed(0.0, 0.6, 3.0), Answer("x", (Position(b"x", -9.0),))]) == (2, 3)
