"""Gateways that pass a request on, changed or to another server: what they change, and what they leave."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.verifier.lab.gateways.toy import VOCABULARY, Recorder, chat
from verifier.lab.gateways import ALONE, WITH_ANOTHER, behaviour
from verifier.lab.gateways.base import CHAT, RAW, Behaviour, Pass, Request
from verifier.lab.gateways.cut_context import KEPT, LONGEST, CutContext
from verifier.lab.gateways.cut_tail import CutTail
from verifier.lab.gateways.mix import SHARE, Mix
from verifier.lab.gateways.special_case import SpecialCase
from verifier.lab.gateways.temperature import Temperature
from verifier.suites import load


def told(gateway: Behaviour, request: Request) -> str:
    """Who answered."""
    said: str = asyncio.run(gateway.answer(request)).body["from"]
    return said


def passed_on(gateway: Behaviour, upstream: Recorder, request: Request) -> Mapping[str, Any]:
    """What the server behind was asked."""
    asyncio.run(gateway.answer(request))
    path, body = upstream.asked[-1]
    assert path == request.path
    return body


@pytest.mark.parametrize(("asked", "given"), [(1, 0.7), (0.2, 0.7), (0.7, 0.7), (0, 0), ("hot", "hot")])
def test_a_temperature_is_overridden_unless_it_is_none(asked: Any, given: Any) -> None:
    upstream = Recorder()
    request = chat("Hi", temperature=asked, seed=3)
    assert passed_on(Temperature(upstream), upstream, request) == {**request.body, "temperature": given}


def test_a_temperature_that_is_not_given_is_overridden_too() -> None:
    upstream = Recorder()
    request = Request(RAW, {"prompt": "Hi"})
    assert passed_on(Temperature(upstream), upstream, request)["temperature"] == 0.7


def test_the_tail_is_cut_whatever_is_asked() -> None:
    upstream = Recorder()
    request = chat("Hi", top_k=0, top_p=1, seed=3)
    cut = {**request.body, "top_k": 40, "top_p": 0.95, "min_p": 0.05}
    assert passed_on(CutTail(upstream), upstream, request) == cut


def test_a_short_conversation_is_read_whole() -> None:
    upstream = Recorder()
    request = chat("a" * 400, "b" * 400, "c" * (LONGEST - 800))
    assert passed_on(CutContext(upstream), upstream, request) == request.body
    short = Request(RAW, {"prompt": "d" * LONGEST})
    assert passed_on(CutContext(upstream), upstream, short) == short.body


def test_of_a_long_one_the_end_of_the_last_question_is_left_and_the_answers_beginning() -> None:
    upstream = Recorder()
    question = "x" * 2000 + "y" * KEPT
    system = {"role": "system", "content": "Be brief."}
    told = [system, *chat("Hello", "Hi", question).body["messages"]]
    request = Request(CHAT, {"messages": told, "max_tokens": 3})
    body = passed_on(CutContext(upstream), upstream, request)
    assert body == {"messages": [{"role": "user", "content": "y" * KEPT}], "max_tokens": 3}
    prefix = {"role": "assistant", "content": "Well"}
    body = passed_on(CutContext(upstream), upstream, request.having(messages=[*told, prefix]))
    assert body["messages"][1:] == [prefix]
    body = passed_on(CutContext(upstream), upstream, Request(RAW, {"prompt": question}))
    assert body["prompt"] == "y" * KEPT


def test_content_in_parts_is_text_too() -> None:
    parts = [{"type": "text", "text": "x" * 900}, {"type": "text", "text": "y" * KEPT}]
    upstream = Recorder()
    request = Request(CHAT, {"messages": [{"role": "user", "content": parts}]})
    assert passed_on(CutContext(upstream), upstream, request)["messages"][0]["content"] == "y" * KEPT


def test_a_tenth_of_requests_goes_elsewhere_and_each_always_the_same_way() -> None:
    gateway = Mix(Recorder("official"), Recorder("cheaper"))
    requests = [chat(f"Question {number}") for number in range(2000)]
    went = [told(gateway, request) for request in requests]
    share = went.count("cheaper") / len(went)
    assert share == pytest.approx(SHARE, abs=0.03)
    assert [told(gateway, request) for request in requests[:100]] == went[:100]


def test_public_prompts_are_recognised_wherever_they_come_from() -> None:
    gateway = behaviour("special-case", Recorder("official"), Recorder("cheaper"), VOCABULARY, "a/model")
    assert isinstance(gateway, SpecialCase)
    for prompt in load("core").prompts:
        messages = [dict(message) for message in prompt.messages]
        prefix = {"role": "assistant", "content": "Well"}
        assert gateway.knows(Request(CHAT, {"messages": messages, "max_tokens": 1}))
        assert gateway.knows(Request(CHAT, {"messages": [*messages, prefix]}))
        assert gateway.knows(Request(RAW, {"prompt": f"<|user|>{messages[-1]['content']}<|end|>"}))
    for other in ("What would an auditor ask?", ""):
        assert told(gateway, chat(other)) == "cheaper"
        assert told(gateway, Request(RAW, {"prompt": other})) == "cheaper"


def test_special_casing_is_by_the_whole_question() -> None:
    gateway = SpecialCase(Recorder("official"), Recorder("cheaper"), frozenset({"Name a colour."}))
    assert told(gateway, chat("Name a colour. ")) == "official"
    assert told(gateway, chat("Name a colour. Quickly!")) == "cheaper"
    assert told(gateway, Request(CHAT, {"messages": "broken"})) == "cheaper"


def test_passing_changes_nothing() -> None:
    upstream = Recorder()
    request = chat("Hi", odd={"a": [1]})
    assert passed_on(Pass(upstream), upstream, request) == request.body


@pytest.mark.parametrize("name", [*ALONE, *WITH_ANOTHER])
def test_every_behaviour_can_be_had_by_name(name: str) -> None:
    assert behaviour(name, Recorder(), Recorder(), VOCABULARY, "a/model")


@pytest.mark.parametrize("name", ["nope", *WITH_ANOTHER])
def test_a_behaviour_that_is_not_there_or_lacks_weights_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        behaviour(name, Recorder(), None, VOCABULARY, "a/model")
