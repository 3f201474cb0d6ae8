"""Real deployments with gateways before them: each does what its line says, through real servers."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.verifier.lab.test_serve import chat, top
from verifier.lab.serve import Lab, serving
from verifier.lab.source import MODEL

PUBLIC = {"role": "user", "content": "What's one habit that could improve my life in a month?"}
OTHER = {"role": "user", "content": "What is one habit that could spoil my life in a month?"}
BEGUN = {"role": "assistant", "content": "One habit that"}
ASKED = {"logprobs": True, "top_logprobs": 20}
FREE = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0}
GATEWAYS = ("temperature-07", "top-k-40", "truncated", "spoofed", "special-casing", "mix-10", "speculative")
SERVED = (
    *("bf16-flash", "int4-g64", *GATEWAYS),
    *("open-text", "open-no-prefix", "open-no-bytes", "open-token-ids"),
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with serving(SERVED) as served:
        yield served


def distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The largest difference of log-probabilities of likely tokens, in nats."""
    first, second = top(one), top(other)
    likely = [token for token, logprob in first.items() if logprob > -4 and token in second]
    assert len(likely) >= 3
    return max(abs(first[token] - second[token]) for token in likely)


HONEST, CHEAP = 0.08, 0.2
"""Two honest answers differ by less than the first; the official weights and INT4 by more than the second."""


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_gateway_continues_a_beginning_and_counts_as_the_model_does(lab: Lab, name: str) -> None:
    answer = chat(lab[name], OTHER, BEGUN, max_tokens=4, **ASKED)
    plain = chat(lab["bf16-flash"], OTHER, BEGUN, max_tokens=4, **ASKED)
    assert answer["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"]
    assert set(answer["choices"][0]) == set(plain["choices"][0])
    assert set(answer["choices"][0]["logprobs"]["content"][0]) == {
        *("id", "token", "bytes", "logprob", "top_logprobs")
    }
    assert answer["choices"][0]["message"]["content"].startswith(BEGUN["content"])
    written = b"".join(bytes(one["bytes"]) for one in answer["choices"][0]["logprobs"]["content"])
    assert answer["choices"][0]["message"]["content"] == BEGUN["content"] + written.decode()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 4


@pytest.mark.parametrize("name", ["temperature-07", "top-k-40", "truncated", "spoofed", "speculative"])
def test_some_only_show_in_what_they_choose(lab: Lab, name: str) -> None:
    """Their lists are those of the official weights."""
    plain = chat(lab["bf16-flash"], OTHER, **ASKED)
    assert distance(plain, chat(lab[name], OTHER, **ASKED)) < HONEST
    assert distance(plain, chat(lab["int4-g64"], OTHER, **ASKED)) > CHEAP


def test_the_spoofed_text_is_the_cheap_one(lab: Lab) -> None:
    asked: dict[str, Any] = {"max_tokens": 12, "seed": 1, **FREE}
    spoofed = chat(lab["spoofed"], OTHER, **asked, **ASKED)
    silent = chat(lab["spoofed"], OTHER, **asked)
    assert spoofed["choices"][0]["message"] == silent["choices"][0]["message"]
    assert surprise(spoofed) > surprise(chat(lab["bf16-flash"], OTHER, **asked, **ASKED))


def surprise(answer: dict[str, Any]) -> float:
    """Mean negative log-probability of what was written, by the answer's own account."""
    entries = answer["choices"][0]["logprobs"]["content"]
    return -math.fsum(one["logprob"] for one in entries) / len(entries)


def test_special_casing_tells_public_prompts_from_others(lab: Lab) -> None:
    for question, same, other in (
        (PUBLIC, "bf16-flash", "int4-g64"),
        (OTHER, "int4-g64", "bf16-flash"),
    ):
        answer = chat(lab["special-casing"], question, **ASKED)
        assert distance(chat(lab[same], question, **ASKED), answer) < HONEST
        assert distance(chat(lab[other], question, **ASKED), answer) > CHEAP


def test_a_tenth_or_so_of_the_requests_is_answered_by_int4(lab: Lab) -> None:
    questions = [{"role": "user", "content": f"{OTHER['content']} ({number})"} for number in range(20)]
    far = [
        distance(chat(lab["bf16-flash"], one, **ASKED), chat(lab["mix-10"], one, **ASKED)) > HONEST
        for one in questions
    ]
    assert 1 <= sum(far) <= 6


def test_a_temperature_of_one_is_not_had(lab: Lab) -> None:
    asked: dict[str, Any] = {"max_tokens": 8, "seed": 4, **FREE}
    cold = chat(lab["bf16-flash"], OTHER, **{**asked, "temperature": 0.7}, **ASKED)
    assert surprise(cold) < surprise(chat(lab["bf16-flash"], OTHER, **asked, **ASKED))
    answer = chat(lab["temperature-07"], OTHER, **asked, **ASKED)
    assert answer["choices"][0]["message"] == cold["choices"][0]["message"]


def test_the_tail_is_never_drawn(lab: Lab) -> None:
    drawn = [chat(lab["top-k-40"], OTHER, seed=seed, **FREE, **ASKED) for seed in range(40)]
    best = max(top(drawn[0]).values())
    for answer in drawn:
        (entry,) = answer["choices"][0]["logprobs"]["content"]
        assert entry["logprob"] >= best - 3.1  # min_p 0.05 is 3.0 nats below the likeliest


def test_a_long_question_loses_its_beginning(lab: Lab) -> None:
    long = {"role": "user", "content": "word " * 300}
    whole = chat(lab["bf16-flash"], long)["usage"]["prompt_tokens"]
    assert chat(lab["truncated"], long)["usage"]["prompt_tokens"] < whole - 80


def test_lossy_speculation_writes_another_text_and_honours_seeds(lab: Lab) -> None:
    def written(name: str, **more: Any) -> str:
        content: str = chat(lab[name], OTHER, max_tokens=12, **more)["choices"][0]["message"]["content"]
        return content

    cold = written("speculative")
    assert cold != written("bf16-flash")
    assert cold == written("speculative")
    warm = written("speculative", **FREE, seed=3)
    assert warm == written("speculative", **FREE, seed=3)
    assert warm != written("speculative", **FREE, seed=4)


def test_raw_text_passes_through_the_stepping_gateways(lab: Lab) -> None:
    for name in ("spoofed", "speculative"):
        body = {"model": MODEL, "prompt": "The sky is", "max_tokens": 3, "temperature": 0, "logprobs": 4}
        request = urllib.request.Request(f"{lab[name]}/completions", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            (choice,) = json.load(answer)["choices"]
        assert [len(one["top_logprobs"]) for one in choice["logprobs"]["content"]] == [4, 4, 4]
        assert "".join(one["token"] for one in choice["logprobs"]["content"]) == choice["text"]


def test_a_beginning_may_be_answered_as_a_turn(lab: Lab) -> None:
    answer = chat(lab["open-no-prefix"], OTHER, BEGUN, max_tokens=4)
    assert not answer["choices"][0]["message"]["content"].startswith(BEGUN["content"])
    continued = chat(lab["bf16-flash"], OTHER, BEGUN, max_tokens=4)
    assert answer["usage"]["prompt_tokens"] == continued["usage"]["prompt_tokens"] + 6  # the turns' marks
    again = chat(lab["open-no-prefix"], OTHER, BEGUN, max_tokens=4, continue_final_message=True)
    assert again["choices"][0]["message"] == answer["choices"][0]["message"]


def test_tokens_may_come_without_bytes_or_as_ids(lab: Lab) -> None:
    plain = chat(lab["open-text"], OTHER, BEGUN, max_tokens=3, **ASKED)
    assert "logprobs" not in plain["choices"][0]
    spelt = chat(lab["open-no-bytes"], OTHER, BEGUN, max_tokens=3, **ASKED)["choices"][0]
    tokens = [one["token"] for one in spelt["logprobs"]["content"]]
    said = plain["choices"][0]["message"]["content"].removeprefix(BEGUN["content"])
    assert "".join(tokens).replace("Ġ", " ") == said
    assert "Ġ" in "".join(tokens)
    named = chat(lab["open-token-ids"], OTHER, BEGUN, max_tokens=3, **ASKED)["choices"][0]
    assert all(one["token"].startswith("token_id:") for one in named["logprobs"]["content"])
    assert "bytes" not in json.dumps([spelt, named])


def test_a_stream_says_what_the_whole_answer_says(lab: Lab) -> None:
    whole = chat(lab["spoofed"], OTHER, max_tokens=6)["choices"][0]
    body = {"messages": [OTHER], "max_tokens": 6, "temperature": 0, "stream": True}
    request = urllib.request.Request(f"{lab['spoofed']}/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        *events, done = answer.read().decode().strip().split("\n\n")
    assert done == "data: [DONE]"
    choices = [json.loads(event.removeprefix("data: "))["choices"][0] for event in events]
    assert "".join(one["delta"].get("content") or "" for one in choices) == whole["message"]["content"]
    assert [one["finish_reason"] for one in choices][-1] == "length"


def test_requests_are_counted(lab: Lab) -> None:
    before = lab.served["spoofed"].requests()
    chat(lab["spoofed"], OTHER, max_tokens=5, **ASKED)
    after = lab.served["spoofed"].requests()
    assert {name: after[name] - before[name] for name in ("requests", "answered")} == {
        "requests": 1,
        "answered": 1,
    }
