"""What restricted access refuses, asks for and shows."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.lab import access as door
from verifier.lab.deployment import Access
from verifier.lab.gateways.base import CHAT, RAW, Answer, Request
from verifier.lab.vocabulary import Vocabulary

ALL = Access()
FIVE = Access(top_logprobs=5)
NO_LOGPROBS = Access(top_logprobs=0)
VOCABULARY = Vocabulary(("<|im_end|>", "Ġsky", "Ã", "©", "a"), frozenset({0}))


def entry(token: int, data: bytes, **more: Any) -> dict[str, Any]:
    text = data.decode(errors="replace")
    return {"id": token, "token": text, "bytes": list(data), "logprob": -0.5, **more}


LISTED = [entry(1, b" sky"), entry(0, b""), entry(2, b"\xc3"), entry(4, b"a")]
CONTENT = [entry(1, b" sky", top_logprobs=LISTED), entry(3, "é".encode(), top_logprobs=LISTED)]


def answered(content: list[dict[str, Any]]) -> Answer:
    choice = {"index": 0, "message": {"content": " skyé"}, "logprobs": {"content": content}}
    return Answer(200, {"choices": [choice], "usage": {"prompt_tokens": 3}})


def shown(access: Access) -> list[dict[str, Any]]:
    answer = door.show(access, VOCABULARY, answered(CONTENT))
    assert answer.body["usage"] == {"prompt_tokens": 3}
    content: list[dict[str, Any]] = answer.body["choices"][0]["logprobs"]["content"]
    return content


@pytest.mark.parametrize("path", [CHAT, RAW])
def test_full_access_leaves_everything_alone(path: str) -> None:
    request = Request(path, {"logprobs": 20, "top_logprobs": 20, "continue_final_message": True})
    assert door.refuse(ALL, request) is None
    assert door.admit(ALL, request) == request
    assert door.show(ALL, VOCABULARY, answered(CONTENT)) == answered(CONTENT)


@pytest.mark.parametrize(("count", "refused"), [(1, False), (5, False), (6, True), (20, True)])
def test_more_alternatives_than_offered_are_refused_as_openai_does(count: int, refused: bool) -> None:
    for request in (
        Request(CHAT, {"logprobs": True, "top_logprobs": count}),
        Request(RAW, {"logprobs": count}),
    ):
        refusal = door.refuse(FIVE, request)
        assert (refusal is not None) == refused
        if refusal is not None:
            assert refusal.status == 400
            assert "less than or equal to 5" in refusal.body["error"]["message"]
        else:
            assert door.admit(FIVE, request) == request


def test_lists_are_never_longer_than_offered_even_by_default() -> None:
    assert door.refuse(FIVE, Request(CHAT, {"logprobs": True})) is None
    asked = door.admit(FIVE, Request(CHAT, {"logprobs": True, "n_probs": 50}))
    assert asked.body == {"logprobs": True, "top_logprobs": 5}
    assert door.admit(FIVE, Request(CHAT, {"max_tokens": 1})).body == {"max_tokens": 1}
    assert [len(one["top_logprobs"]) for one in shown(Access(top_logprobs=2))] == [2, 2]


def test_without_logprobs_they_are_accepted_and_not_given() -> None:
    request = Request(CHAT, {"logprobs": True, "top_logprobs": 20, "max_tokens": 1})
    assert door.refuse(NO_LOGPROBS, request) is None
    assert door.admit(NO_LOGPROBS, request).body == {"max_tokens": 1}
    answer = door.show(NO_LOGPROBS, VOCABULARY, answered(CONTENT))
    assert "logprobs" not in answer.body["choices"][0]


def test_where_there_are_no_completions_chat_is_answered() -> None:
    refusal = door.refuse(Access(completions=False), Request(RAW, {}))
    assert refusal is not None
    assert refusal.status == 404
    assert door.refuse(Access(completions=False), Request(CHAT, {})) is None


def test_a_beginning_is_not_continued_by_asking_otherwise() -> None:
    request = Request(CHAT, {"continue_final_message": True, "add_generation_prompt": False, "seed": 1})
    assert door.admit(Access(prefix=False), request).body == {"seed": 1}


def test_without_bytes_tokens_are_spelt_as_in_the_vocabulary() -> None:
    first, second = shown(Access(bytes=False))
    assert set(first) == {"token", "logprob", "top_logprobs"}
    assert first["token"] == "Ġsky"
    assert second["token"] == "Ã©"  # two tokens that make one character, in one entry
    assert [one["token"] for one in first["top_logprobs"]] == ["Ġsky", "<|im_end|>", "Ã", "a"]
    assert all(set(one) == {"token", "logprob"} for one in first["top_logprobs"])


def test_tokens_may_be_named_by_their_ids_only() -> None:
    first, _ = shown(Access(bytes=False, token_ids=True, top_logprobs=2))
    assert first["token"] == "token_id:1"
    assert [one["token"] for one in first["top_logprobs"]] == ["token_id:1", "token_id:0"]
    assert "bytes" not in first


@pytest.mark.parametrize("logprobs", [None, {}, {"content": []}])
def test_answers_without_entries_and_refusals_are_shown_as_they_are(logprobs: Any) -> None:
    for access in (FIVE, NO_LOGPROBS, Access(bytes=False)):
        answer = Answer(200, {"choices": [{"text": "x", "logprobs": logprobs}]})
        assert door.show(access, VOCABULARY, answer) == answer
        refused = Answer(400, {"error": {"message": "no"}})
        assert door.show(access, VOCABULARY, refused) == refused
