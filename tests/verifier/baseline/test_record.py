from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.verifier.small_world import SUITE, recorded, suite_of
from tests.verifier.synthetic import HALF, Synthetic, converse
from verifier.baseline.model import Baseline, ContextType, PrefixStyle
from verifier.baseline.record import PREFIXES_PER_PROMPT, TOP_LOGPROBS, RecordingError, draw, record
from verifier.checks.base import Answer, Observation, Probe, Purpose, Status

SMALL = suite_of(40)


def record_from(endpoint: Synthetic, prompts: int | None = None, seed: int = 0) -> Baseline:
    return converse(record(SMALL, model="toy", prompts=prompts, seed=seed), endpoint)


def test_it_keeps_first_tokens_and_prefixes_with_the_longest_lists() -> None:
    found = recorded()
    kinds = [context.type for context in found.contexts]
    assert kinds.count(ContextType.FIRST_TOKEN) == len(SUITE.prompts)
    assert kinds.count(ContextType.CHAT_PREFIX) == PREFIXES_PER_PROMPT * len(SUITE.prompts)
    assert all(len(context.top) == TOP_LOGPROBS == found.k for context in found.contexts)
    assert found.prefix_style is PrefixStyle.PLAIN
    assert len(found.prefix_probes) == 4
    assert set(found.prompt_tokens) == {prompt.id for prompt in SUITE.prompts}
    assert set(found.set_aside.values()) == {0}
    assert (found.suite, found.suite_sha256) == ("small 1.0", SUITE.sha256)


def test_every_kept_list_is_the_models_own_at_that_context() -> None:
    """Second source: the model is asked directly, by text and not through answers."""
    official = Synthetic()
    prompts = {prompt.id: f"user: {prompt.messages[0]['content']}" for prompt in SUITE.prompts}
    for context in recorded().contexts:
        truth = official.next_token(prompts[context.prompt_id], context.prefix.encode())
        by_token = dict(zip(official.vocabulary, truth, strict=True))
        assert {t.token: t.logprob for t in context.top} == {t.token: by_token[t.token] for t in context.top}
        assert context.top[0].logprob == pytest.approx(truth.max())


def test_prefixes_can_be_pinned_by_any_server() -> None:
    for context in recorded().contexts:
        assert context.prefix == context.prefix.strip()
        assert bool(context.prefix) == (context.type is ContextType.CHAT_PREFIX)
    ids = [context.id for context in recorded().contexts]
    assert len(set(ids)) == len(ids)


def test_the_same_reference_gives_the_same_baseline() -> None:
    first, second = record_from(Synthetic()), record_from(Synthetic())
    assert replace(first, recorded_at="") == replace(second, recorded_at="")


def test_nothing_is_asked_for_twice_and_all_of_it_is_recording() -> None:
    reference = Synthetic()
    record_from(reference)
    keys = [probe.key for probe in reference.asked]
    assert len(set(keys)) == len(keys)
    assert {probe.purpose for probe in reference.asked} == {Purpose.RECORDING}


@pytest.mark.parametrize("style", PrefixStyle)
def test_the_way_in_which_the_reference_continues_is_found(style: PrefixStyle) -> None:
    found = record_from(Synthetic(continues=style, echoes=style is PrefixStyle.PLAIN))
    assert found.prefix_style is style
    assert any(context.type is ContextType.CHAT_PREFIX for context in found.contexts)


def test_a_reference_that_begins_anew_gives_first_tokens_only() -> None:
    found = record_from(Synthetic(continues=None))
    assert found.prefix_style is None
    assert {context.type for context in found.contexts} == {ContextType.FIRST_TOKEN}


@pytest.mark.parametrize("usage", [True, False])
def test_entries_left_out_for_halves_of_characters_leave_no_wrong_context(usage: bool) -> None:
    """The first entry then belongs to the second token: its list must not become a first token's."""
    reference = Synthetic(usage=usage)
    found = converse(record(SUITE, model="toy"), reference)
    prompts = {prompt.id: f"user: {prompt.messages[0]['content']}" for prompt in SUITE.prompts}
    halves = 0
    for context in found.contexts:
        truth = reference.next_token(prompts[context.prompt_id], context.prefix.encode())
        assert context.top[0].logprob == pytest.approx(truth.max())
        halves += any(token.token == HALF for token in context.top)
    assert halves
    assert bool(found.prompt_tokens) is usage


class Rewriting(Synthetic):
    """Answers through `rewrite`."""

    def rewrite(self, probe: Probe, answer: Answer) -> Answer:
        raise NotImplementedError

    def ask(self, probe: Probe) -> Observation:
        seen = super().ask(probe)
        return seen if seen.answer is None else replace(seen, answer=self.rewrite(probe, seen.answer))


class FirstEntryMissing(Rewriting):
    """In long answers; a single token comes with its own entry."""

    def rewrite(self, probe: Probe, answer: Answer) -> Answer:
        long = probe.body["max_tokens"] > 1 and answer.positions
        return replace(answer, positions=answer.positions[1:]) if long and answer.positions else answer


def test_a_first_entry_that_is_missing_is_asked_for_again() -> None:
    found = record_from(FirstEntryMissing())
    official = Synthetic()
    for context in found.contexts:
        prompt = next(p for p in SMALL.prompts if p.id == context.prompt_id)
        truth = official.next_token(f"user: {prompt.messages[0]['content']}", context.prefix.encode())
        assert context.top[0].logprob == pytest.approx(truth.max())


class OtherWhenPinned(Rewriting):
    """A context cache gone wrong: the pinned answer is not that of the full one."""

    def rewrite(self, probe: Probe, answer: Answer) -> Answer:
        if probe.body["messages"][-1]["role"] == "assistant" and probe.body.get("logprobs"):
            return Synthetic(noise=2.0, stack=probe.key).complete(probe.body)
        return answer


def test_a_context_that_is_not_reproduced_when_pinned_is_set_aside() -> None:
    found = record_from(OtherWhenPinned())
    assert found.set_aside["not reproduced when pinned"] > 40
    assert sum(context.type is ContextType.FIRST_TOKEN for context in found.contexts) == 40


class Unnamed(Rewriting):
    """Names tokens by decoded text, as some servers do: a half of a character is U+FFFD."""

    def rewrite(self, probe: Probe, answer: Answer) -> Answer:
        positions = tuple(
            replace(
                position,
                top=tuple(
                    replace(item, token=item.token.decode(errors="replace").encode()) for item in position.top
                ),
            )
            for position in answer.positions or ()
        )
        return replace(answer, positions=positions)


def test_lists_whose_tokens_cannot_be_told_apart_are_not_kept() -> None:
    found = record_from(Unnamed())
    assert len(found.contexts) > 80
    for context in found.contexts:
        unnamed = [item.logprob for item in context.top if "\ufffd".encode() in item.token]
        assert sum(map(math.exp, unnamed)) <= 0.001


def test_a_reference_that_fails_now_and_then_gives_what_it_answered() -> None:
    found = record_from(Synthetic(fails=0.2))
    assert 20 < len(found.by_prompt) < 40
    assert found.set_aside["no answer"] > 0


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (Synthetic(logprobs=False), "its answers carry no top_logprobs"),
        (Synthetic(lists_at_most=1), "its answers carry no top_logprobs"),
        (Synthetic(fails=1.0), "The toy says server-error"),
        (Synthetic(dies_after=0), "The toy says unreachable"),
        (Synthetic(refuses_above=5), "The toy says rejected"),
    ],
    ids=["no-logprobs", "empty-lists", "500", "down", "refuses"],
)
def test_a_reference_without_lists_is_refused_with_what_to_do(reference: Synthetic, why: str) -> None:
    with pytest.raises(RecordingError, match=rf"{why}\. A reference must answer .* top_logprobs 20\.$"):
        record_from(reference)


def test_a_reference_that_dies_after_its_answers_keeps_its_first_tokens() -> None:
    found = record_from(Synthetic(dies_after=40))
    assert {context.type for context in found.contexts} == {ContextType.FIRST_TOKEN}
    with pytest.raises(RecordingError):
        record_from(Synthetic(dies_after=40, usage=False))


def test_a_reference_with_shorter_lists_gives_a_baseline_of_that_k() -> None:
    found = record_from(Synthetic(lists_at_most=5))
    assert found.k == 5
    assert {len(context.top) for context in found.contexts} == {5}


def odd(probe: Probe, answer: Answer | None) -> Observation:
    return Observation(probe.key, Status.OK, answer)


@pytest.mark.parametrize(
    "answer", [Answer(""), Answer("", ()), Answer("x", ()), Answer("x", None, completion_tokens=9)]
)
def test_odd_answers_are_an_error_in_words(answer: Answer) -> None:
    dialogue = record(SMALL, model="toy")
    step = next(dialogue)
    with pytest.raises(RecordingError, match="no usable logprobs"):
        dialogue.send([odd(probe, answer) for probe in step.probes])


def test_a_draw_takes_so_many_prompts_by_seed_in_the_suites_order() -> None:
    def ids(prompts: int | None, seed: int) -> Sequence[str]:
        return [prompt.id for prompt in draw(SUITE, prompts, seed)]

    assert ids(30, 1) == ids(30, 1) == sorted(set(ids(30, 1)))
    assert len(ids(30, 1)) == 30
    assert ids(30, 1) != ids(30, 2)
    assert ids(None, 1) == ids(10_000, 2) == [prompt.id for prompt in SUITE.prompts]
    assert set(record_from(Synthetic(), prompts=12, seed=3).by_prompt) == {p.id for p in draw(SMALL, 12, 3)}
