"""Spoofing and speculation against models whose every probability is known."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.verifier.lab.gateways.toy import (
    ASK,
    DOT,
    EOS,
    HALF,
    OTHER_HALF,
    RED,
    SKY,
    VOCABULARY,
    A,
    B,
    Toy,
    Weights,
    chat,
)
from verifier.lab.gateways.base import RAW, Answer, Behaviour, Request
from verifier.lab.gateways.speculate import Speculate
from verifier.lab.gateways.spoof import Spoof
from verifier.lab.gateways.steps import can_step, length, seed_of, stop_words

LOGPROBS = {"logprobs": True, "top_logprobs": 2}


def always(**shares: float) -> Weights:
    names = {"a": A, "b": B, "red": RED, "sky": SKY, "dot": DOT, "end": EOS, "half": HALF}
    weights = {names[name]: share for name, share in shares.items()}
    return lambda _: weights


def scripted(*tokens: int) -> Weights:
    """Certain of these tokens, one after the other, then of the end."""

    def weights(before: Sequence[int]) -> Mapping[int, float]:
        written = before[max(at for at, token in enumerate(before) if token == ASK) + 2 :]
        token = tokens[len(written)] if len(written) < len(tokens) else EOS
        return {token: 0.9, B: 0.1} if token != B else {B: 0.9, A: 0.1}

    return weights


def ask(gateway: Behaviour, request: Request) -> Answer:
    return asyncio.run(gateway.answer(request))


def choice(answer: Answer) -> dict[str, Any]:
    assert answer.ok
    one: dict[str, Any] = answer.body["choices"][0]
    return one


def entries(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = choice(answer)["logprobs"]["content"]
    return content


def spoof(official: Weights, cheaper: Weights) -> Spoof:
    return Spoof(Toy(official), Toy(cheaper), VOCABULARY, "a/model")


def speculate(official: Weights, draft: Weights) -> Speculate:
    return Speculate(Toy(official), Toy(draft), VOCABULARY, "a/model")


def test_the_spoofed_list_is_the_official_one_beside_the_cheap_token() -> None:
    gateway = spoof(always(a=0.7, b=0.2, red=0.1), always(red=0.6, a=0.4))
    (entry,) = entries(ask(gateway, chat("Hi", max_tokens=1, **LOGPROBS)))
    assert (entry["id"], entry["token"], entry["bytes"]) == (RED, " red", list(b" red"))
    assert entry["logprob"] == pytest.approx(math.log(0.1))
    assert [one["id"] for one in entry["top_logprobs"]] == [A, B]
    assert entry["top_logprobs"][0]["logprob"] == pytest.approx(math.log(0.7))


def test_a_longer_spoofed_answer_is_the_cheap_ones_and_counts_as_it_does() -> None:
    gateway = spoof(always(a=0.5, sky=0.3, red=0.1, end=0.1), scripted(RED, SKY))
    answer = ask(gateway, chat("Hi", max_tokens=5, **LOGPROBS))
    assert choice(answer)["message"] == {"role": "assistant", "content": " red sky"}
    assert choice(answer)["finish_reason"] == "stop"
    assert [entry["id"] for entry in entries(answer)] == [RED, SKY, EOS]
    assert (entries(answer)[-1]["token"], entries(answer)[-1]["bytes"]) == ("", [])
    assert answer.body["usage"]["completion_tokens"] == 3
    assert answer.body["usage"]["prompt_tokens"] == 2
    assert (answer.body["object"], answer.body["model"]) == ("chat.completion", "a/model")


def test_without_logprobs_or_with_tools_the_request_is_passed_on() -> None:
    for request in (chat("Hi"), chat("Hi", tools=[{}], **LOGPROBS), chat("Hi", n=2, **LOGPROBS)):
        assert ask(spoof(always(a=1), always(a=1)), request).body == {"passed": request.path}
    request = chat("Hi", response_format={"type": "json_object"})
    assert ask(speculate(always(a=1), always(a=1)), request).body == {"passed": request.path}


def test_a_draft_is_kept_from_one_tenth_on() -> None:
    for share, token in ((0.1001, B), (0.0999, A)):
        gateway = speculate(always(a=1 - share, b=share), always(b=0.9, a=0.1))
        answer = ask(gateway, chat("Hi", max_tokens=3, **LOGPROBS))
        assert [entry["id"] for entry in entries(answer)] == [token] * 3
        expected = math.log(share if token == B else 1 - share)
        assert entries(answer)[0]["logprob"] == pytest.approx(expected)
        assert choice(answer)["finish_reason"] == "length"


def test_a_draft_may_end_the_answer_and_so_may_the_official_weights() -> None:
    ended = ask(speculate(always(a=0.8, end=0.2), always(end=1)), chat("Hi", max_tokens=4, **LOGPROBS))
    assert (choice(ended)["finish_reason"], choice(ended)["message"]["content"]) == ("stop", "")
    assert entries(ended)[0]["id"] == EOS
    ended = ask(speculate(always(end=0.95, a=0.05), always(a=1)), chat("Hi", max_tokens=4))
    assert (choice(ended)["finish_reason"], ended.body["usage"]["completion_tokens"]) == ("stop", 1)
    assert "logprobs" not in choice(ended)


def test_at_a_temperature_seeds_are_honoured_and_both_models_have_their_say() -> None:
    gateway = speculate(always(a=0.45, b=0.45, red=0.1 - 1e-9, sky=1e-9), always(a=0.4, sky=0.6))

    def written(seed: int) -> str:
        text: str = choice(ask(gateway, chat("Hi", max_tokens=20, temperature=1, seed=seed)))["message"][
            "content"
        ]
        return text

    assert written(1) == written(1)
    assert len({written(seed) for seed in range(6)}) == 6
    letters = Counter("".join(written(seed) for seed in range(20)).replace(" red", "r"))
    # a: drafted 40 %, else drawn 45 % of 60 %; b: 45 % of 60 %; red: 10 % of 60 %; sky never
    assert letters["a"] / letters.total() == pytest.approx(0.67, abs=0.07)
    assert letters["b"] / letters.total() == pytest.approx(0.27, abs=0.07)
    assert set(letters) <= {"a", "b", "r"}


def test_a_character_in_two_tokens_has_one_entry_and_half_of_one_has_none() -> None:
    for gateway in (
        spoof(scripted(HALF, OTHER_HALF, A), scripted(HALF, OTHER_HALF, A)),
        speculate(scripted(HALF, OTHER_HALF, A), scripted(HALF, OTHER_HALF, A)),
    ):
        answer = ask(gateway, chat("Hi", max_tokens=3, **LOGPROBS))
        assert choice(answer)["message"]["content"] == "éa"
        assert [entry["token"] for entry in entries(answer)] == ["é", "a"]
        assert entries(answer)[0]["bytes"] == list("é".encode())
        half = ask(gateway, chat("Hi", max_tokens=1, **LOGPROBS))
        assert choice(half)["message"]["content"] == ""
        assert "logprobs" not in choice(half)
        assert half.body["usage"]["completion_tokens"] == 1


@pytest.mark.parametrize("stop", [".", [".", "zzz"]])
def test_a_stop_word_ends_the_text_before_it(stop: str | list[str]) -> None:
    weights = scripted(RED, DOT, SKY)
    for gateway in (spoof(weights, weights), speculate(weights, weights)):
        answer = ask(gateway, chat("Hi", max_tokens=9, stop=stop, **LOGPROBS))
        assert choice(answer)["message"]["content"] == " red"
        assert choice(answer)["finish_reason"] == "stop"
        assert [entry["id"] for entry in entries(answer)] == [RED]
        assert answer.body["usage"]["completion_tokens"] == 2


def test_a_continued_beginning_is_echoed_and_has_no_entries() -> None:
    gateway = speculate(always(a=1), always(a=1))
    answer = ask(gateway, chat("Hi", "Well, ", max_tokens=2, **LOGPROBS))
    assert choice(answer)["message"]["content"] == "Well, aa"
    assert len(entries(answer)) == 2


def test_raw_text_and_raw_tokens_are_continued_too() -> None:
    gateway = spoof(always(a=0.8, b=0.2), always(b=1))
    for prompt in ("Q:aa", [ASK, A, A]):
        answer = ask(gateway, Request(RAW, {"prompt": prompt, "max_tokens": 2, "logprobs": 2}))
        assert (choice(answer)["text"], answer.body["object"]) == ("bb", "text_completion")
        assert [entry["id"] for entry in entries(answer)] == [B, B]
        assert answer.body["usage"]["prompt_tokens"] == 3
    silent = ask(speculate(always(a=1), always(a=1)), Request(RAW, {"prompt": "Q:", "max_tokens": 1}))
    assert choice(silent)["logprobs"] is None


@pytest.mark.parametrize(
    "request_",
    [
        Request("/v1/chat/completions", {"messages": "x", "logprobs": True}),
        Request(RAW, {"prompt": {"a": 1}, "logprobs": 2}),
        Request(RAW, {"prompt": ["a", "b"], "logprobs": 2}),
        chat("Hi", max_tokens="many", **LOGPROBS),
    ],
)
def test_what_a_server_would_refuse_is_refused(request_: Request) -> None:
    for gateway in (spoof(always(a=1), always(a=1)), speculate(always(a=1), always(a=1))):
        answer = ask(gateway, request_)
        assert answer.status == 400
        assert answer.body["error"]["message"]


def test_parameters_of_stepping() -> None:
    assert [length(chat("Hi", max_tokens=count)) for count in (0, 1, 7, -1, None)] == [1, 1, 7, 512, 512]
    assert length(chat("Hi", max_tokens=7, max_completion_tokens=3)) == 3
    assert stop_words(chat("Hi", stop=["a", 3, ""])) == ["a"]
    assert stop_words(chat("Hi")) == []
    assert can_step(chat("Hi", n=1))
    assert not can_step(chat("Hi", n=2))
    seeds = {seed_of(chat("Hi", seed=5), step, stream)["seed"] for step in range(50) for stream in (0, 1)}
    assert len(seeds) == 100
    assert seed_of(chat("Hi"), 0, 0) == {}
