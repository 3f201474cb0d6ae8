"""Never wrong about an honest endpoint: servers differ in much that says nothing of their weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import FEW, answers
from tests.verifier.small_world import HONEST, INT4, first_prompts, verify
from tests.verifier.synthetic import Synthetic
from verifier.baseline.model import Baseline, PrefixStyle
from verifier.checks.base import Answer, Fault, Observation, Probe, Status, Token
from verifier.evidence.canonical import canonical_json

Result = dict[str, Any]
SOME = settings(FEW, max_examples=15)


def finding(result: Result) -> Result:
    (found,) = [one for one in result["findings"] if one["check"] == "token_distribution"]
    return dict(found)


class Renaming(Synthetic):
    """Names the tokens of its lists in its own way."""

    def name(self, token: bytes) -> bytes:
        raise NotImplementedError

    def complete(self, body: Any) -> Answer:
        answer = super().complete(body)
        if answer.positions is None:
            return answer
        named = tuple(
            replace(
                p, token=self.name(p.token), top=tuple(Token(self.name(t.token), t.logprob) for t in p.top)
            )
            for p in answer.positions
        )
        return replace(answer, positions=named)


class Unnamed(Renaming):
    """By decoded text: every half of a character is U+FFFD."""

    def name(self, token: bytes) -> bytes:
        return token.decode(errors="replace").encode()


class Numbered(Renaming):
    """By ids, as vLLM may."""

    def name(self, token: bytes) -> bytes:
        return b"token_id:%d" % self.vocabulary.index(token) if token in self.vocabulary else token


HABITS: dict[str, dict[str, Any]] = {
    "plain": {},
    "five-tokens": {"lists_at_most": 5},
    "two-tokens": {"lists_at_most": 2},
    "begins-anew": {"continues": None},
    "other-style": {"continues": PrefixStyle.PREFIX},
    "no-echo": {"echoes": False},
    "trims": {"trims": True},
    "trims-no-echo": {"trims": True, "echoes": False},
    "keeps-all-entries": {"omits_entries": False},
    "counts-nothing": {"usage": False},
    "same-bytes-twice": {"repeats_tokens": True},
    "more-than-asked": {"extra_tokens": 3},
    "more-and-uncounted": {"extra_tokens": 3, "usage": False},
    "lists-only-the-possible": {"lists_from": 1e-3},
    "lists-only-the-probable": {"lists_from": 1e-2},
    "shaky": {"fails": 0.1},
    "text": {"logprobs": False},
    "text-trims": {"logprobs": False, "trims": True, "echoes": False},
    "text-uncounted": {"logprobs": False, "usage": False},
    "text-more-and-uncounted": {"logprobs": False, "usage": False, "extra_tokens": 4},
    "text-begins-anew": {"logprobs": False, "continues": None},
    "refuses-top-k": {"refuses": frozenset({"top_k"})},
    "text-refuses-top-k": {"refuses": frozenset({"top_k"}), "logprobs": False},
}


FEW_CONTEXTS = {
    "lists-only-the-probable", "more-than-asked", "shaky", "text-begins-anew", "text-more-and-uncounted",
}  # fmt: skip
"""Habits that leave too few contexts, or now and then no answer, for a verdict."""


@pytest.mark.parametrize("habit", HABITS)
def test_an_honest_endpoint_is_never_accused_whatever_its_habits(habit: str) -> None:
    """Other prompts, another order, another stack of the same weights each time."""
    called = []
    for seed in range(4):
        endpoint = Synthetic(noise=HONEST, stack=f"honest {seed}", **HABITS[habit])
        called.append(verify(endpoint, seed=seed, decide_only=True)["verdict"])
    assert not {"deviating", "different-model"} & set(called)
    assert habit in FEW_CONTEXTS or called.count("faithful") >= 3


def test_a_server_that_cannot_name_halves_of_characters_is_not_accused_for_it() -> None:
    for seed in range(2):
        result = verify(Unnamed(noise=HONEST, stack=f"u{seed}"), seed=seed)
        assert result["verdict"] == "faithful"
        assert result["k"] == 20
        assert finding(result)["details"]["set_aside"] > 0
        assert result["fidelity"]["value"] > 99


def test_lists_that_name_tokens_by_their_ids_leave_the_text() -> None:
    result = verify(Numbered(noise=HONEST, stack="n"))
    assert (result["verdict"], result["evidence_level"]) == ("faithful", "text")


ANEW: Baseline = replace(first_prompts(12), prefix_style=None)


@SOME
@given(st.lists(answers, min_size=1, max_size=6))
def test_no_parsed_answers_are_a_crash(odd: list[Answer]) -> None:
    """Whatever an endpoint says in the shape of an answer, the run ends with a publishable result."""

    class Odd(Synthetic):
        def ask(self, probe: Probe) -> Observation:
            self.asked.append(probe)
            return Observation(probe.key, Status.OK, odd[len(self.asked) % len(odd)])

    for known in (first_prompts(12), ANEW):
        canonical_json(verify(Odd(), baseline=known))


@SOME
@given(
    st.fixed_dictionaries(
        {
            "noise": st.sampled_from([0.0, HONEST, INT4]),
            "usage": st.booleans(),
            "extra_tokens": st.integers(0, 3),
            "omits_entries": st.booleans(),
            "repeats_tokens": st.booleans(),
            "fails": st.sampled_from([0.0, 0.3, 1.0]),
            "fault": st.sampled_from(Fault),
            "dies_after": st.none() | st.integers(0, 60),
            "continues": st.none() | st.sampled_from(PrefixStyle),
            "lists_at_most": st.integers(0, 25),
        }
    ),
    st.none() | st.integers(1, 60),
    st.booleans(),
)
def test_any_mixture_of_habits_ends_in_a_publishable_result(
    habits: dict[str, Any], max_tokens: int | None, no_logprobs: bool
) -> None:
    endpoint = Synthetic(**habits)
    result = verify(endpoint, baseline=first_prompts(20), max_tokens=max_tokens, no_logprobs=no_logprobs)
    canonical_json(result)
    assert result["decision_tokens"] <= result["completion_tokens"]
    if habits["noise"] < INT4:
        assert result["verdict"] not in ("deviating", "different-model")
