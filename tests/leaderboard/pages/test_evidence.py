from __future__ import annotations

import json
from typing import Any

import pytest

from leaderboard.pages import evidence
from leaderboard.pages.veil import Veil
from tests.leaderboard import factories
from verifier.models import Finding, Observation

OPEN = Veil("")


def finding(*contexts: Any) -> Finding:
    return Finding(
        check_name="token_distribution", outcome="fail", details={"most_divergent": list(contexts)}
    )


def observation(**kwargs: Any) -> Observation:
    fields: dict[str, Any] = {
        "sequence": 1,
        "key": "k",
        "purpose": "decision",
        "status": "ok",
        "request": {"api": "chat/completions", "body": {"messages": [{"role": "user", "content": "Hello"}]}},
        "payload": {"key": "k", "status": "ok"},
    }
    return Observation(**{**fields, **kwargs})


def test_the_most_divergent_contexts_of_all_findings_come_first() -> None:
    low, high = factories.divergent(1, tv=0.1), factories.divergent(2, tv=0.9)
    found = evidence.most_divergent([finding(low), finding(high), Finding(details={})], 5, OPEN)
    assert [context.tv for context in found] == [0.9, 0.1]
    assert len(evidence.most_divergent([finding(low, high)], 1, OPEN)) == 1


def test_a_context_says_what_each_side_would_go_on_with() -> None:
    (context,) = evidence.most_divergent([finding(factories.divergent())], 1, OPEN)
    assert context.kind == "continued chat answer"
    sentence = context.sentence.replace("\u202f", " ")
    assert sentence == "The official weights put “.” first (62 %), this endpoint “,” (55 %)."
    assert [bar.token for bar in context.bars][:2] == [".", ","]
    same = factories.divergent(endpoint=[{"token": ".", "p": 0.9}])
    (context,) = evidence.most_divergent([finding(same)], 1, OPEN)
    assert context.sentence.startswith("Both put “.” first")


def test_what_is_missing_is_not_made_up() -> None:
    (context,) = evidence.most_divergent(
        [finding({"tv": 0.5, "context_type": "a_new_kind"}, "nonsense")], 5, OPEN
    )
    assert (context.prompt, context.sentence, context.bars) == ("", "", ())
    assert context.kind == "a new kind"


def test_tokens_are_shown_between_quotation_marks() -> None:
    assert evidence.quoted(" and") == "“ and”"
    assert evidence.quoted("\n\u202e") == "“↵[U+202E]”"


def test_a_request_with_its_answer() -> None:
    position = {"token": b"Hi".hex(), "logprob": -0.5, "top": [[b"Hi".hex(), -0.5], [b"\xff".hex(), -2.0]]}
    answer = {"text": "Hi", "positions": [position], "prompt_tokens": 48, "completion_tokens": 1}
    line = evidence.request_line(observation(payload={"answer": answer, "elapsed": 0.0382}))
    assert (line.prompt, line.prefix, line.answer) == ("Hello", "", "Hi")
    assert [(item.token, item.probability) for item in line.top] == [("Hi", "0.607"), ("\ufffd", "0.135")]
    assert line.tokens.replace("\u202f", " ") == "48 + 1"
    assert line.elapsed.replace("\u202f", " ") == "38 ms"
    assert json.loads(line.raw)["observation"]["elapsed"] == 0.0382


def test_a_request_that_continues_an_answer() -> None:
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good"}]
    line = evidence.request_line(
        observation(request={"api": "chat/completions", "body": {"messages": messages}})
    )
    assert (line.prompt, line.prefix) == ("Hello", "Good")


@pytest.mark.parametrize(
    "request_json", [{}, {"body": {"prompt": "Hello"}}, {"body": {"messages": "odd"}}, None]
)
def test_requests_of_other_shapes(request_json: Any) -> None:
    line = evidence.request_line(observation(request=request_json))
    assert line.prompt == ("Hello" if request_json and "prompt" in request_json.get("body", {}) else "")
    assert (line.answer, line.tokens, line.elapsed, line.top) == ("", "–", "–", ())


def test_a_fault_is_named() -> None:
    payload = {"status": "faulty", "fault": "server-error", "detail": "The endpoint answered 500."}
    line = evidence.request_line(observation(status="faulty", fault="server-error", payload=payload))
    assert (line.term.word, line.fault, line.detail) == (
        "faulty",
        "server error",
        "The endpoint answered 500.",
    )
