from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.verifier.small_world import LONG, SUITE, WIDE, recorded, suite_of, wide
from tests.verifier.synthetic import HALF, TEMPLATE, Synthetic, converse
from verifier.baseline.model import Baseline, ContextType, PrefixStyle
from verifier.baseline.record import (
    LONG_CATEGORY,
    LONG_SHARE,
    PREFIXES_PER_PROMPT,
    RAW_PROMPTS,
    TOP_LOGPROBS,
    RecordingError,
    draw,
    record,
)
from verifier.baseline.template import ChatTemplate
from verifier.checks.base import Answer, Observation, Probe, Purpose, Status
from verifier.suites import HIDDEN, PUBLIC

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


def with_template(
    endpoint: Synthetic, source: str = TEMPLATE, prompts: int | None = None
) -> tuple[Baseline, list[Probe]]:
    """The baseline of the small suite recorded with a chat template, and the requests of raw text."""
    found = converse(record(SMALL, model="toy", prompts=prompts, template=ChatTemplate(source)), endpoint)
    return found, [probe for probe in endpoint.asked if probe.api == "completions"]


def test_the_rendered_text_of_some_prompts_is_kept_where_it_is_answered_like_the_chat() -> None:
    found, asked = with_template(Synthetic())
    assert found.raw == {
        prompt.id: f"user: {prompt.messages[0]['content']}"
        for prompt in SMALL.prompts
        if prompt.id in found.raw
    }
    assert len(found.raw) == len(asked) == RAW_PROMPTS
    assert {probe.purpose for probe in asked} == {Purpose.RECORDING}
    assert set(found.set_aside.values()) == {0}
    spread = sorted(int(prompt_id[1:]) for prompt_id in found.raw)
    assert spread[0] < 5
    assert max(b - a for a, b in pairwise(spread)) <= 2
    assert record_from(Synthetic()).raw == {}


def test_raw_text_that_is_another_context_is_not_kept() -> None:
    """A template that is not the reference's own would later excuse whatever an endpoint does."""
    found, asked = with_template(Synthetic(), "{{ '[INST] ' + messages[-1]['content'] }}")
    assert asked
    assert found.raw == {}
    assert found.set_aside["not reproduced as raw text"] == len(asked)
    assert len(found.by_prompt) == 40, "the rest of the baseline is none the worse"


class NoCompletions(Synthetic):
    def ask(self, probe: Probe) -> Observation:
        if probe.api == "completions":
            self.asked.append(probe)
            return self._failed(probe, self.fault)
        return super().ask(probe)


@pytest.mark.parametrize("endpoint", [NoCompletions(), Synthetic(dies_after=130)], ids=["refuses", "died"])
def test_a_reference_without_completions_has_no_raw_text(endpoint: Synthetic) -> None:
    found, asked = with_template(endpoint)
    assert found.set_aside["not reproduced as raw text"] == len(asked) - len(found.raw) > 0


def test_prompts_that_the_template_refuses_are_set_aside_and_cost_no_request() -> None:
    picky = "{% if '3' in messages[0].content %}{{ raise_exception('No threes.') }}{% endif %}" + TEMPLATE
    found, asked = with_template(Synthetic(), picky)
    assert found.set_aside["refused by the chat template"] > 0
    assert len(asked) == len(found.raw) == RAW_PROMPTS - found.set_aside["refused by the chat template"]
    assert not [text for text in found.raw.values() if "3" in text]


def test_long_prompts_are_drawn_beside_the_others_and_asked_for_one_token() -> None:
    """They are slow, and judged by a band of their own."""
    for prompts in (LONG_SHARE, 3 * LONG_SHARE):
        drawn = draw(WIDE, prompts, seed=1)
        long = [prompt for prompt in drawn if prompt.category == LONG_CATEGORY]
        assert len(long) == prompts // LONG_SHARE
        assert len(drawn) == prompts + len(long)
    assert not [prompt for prompt in draw(WIDE, LONG_SHARE - 1, 1) if prompt.category == LONG_CATEGORY]
    reference = Synthetic()
    found = converse(record(WIDE, model="toy"), reference)
    answered = [probe for probe in reference.asked if probe.key.endswith("/answer")]
    tokens = {probe.key[0]: probe.body["max_tokens"] for probe in answered}
    assert tokens["l"] == 1 < tokens["p"] == tokens["h"]
    long_ids = {prompt.id for prompt in WIDE.prompts if prompt.category == LONG_CATEGORY}
    assert {prompt_id for prompt_id in found.by_prompt if found.is_long(prompt_id)} == long_ids
    assert len(long_ids) == LONG
    assert {len(found.by_prompt[prompt_id]) for prompt_id in long_ids} == {1}
    assert not long_ids & set(wide().raw), "they are not asked as raw text"


def test_a_share_of_the_drawn_prompts_is_hidden_and_the_pool_is_named() -> None:
    drawn = draw(WIDE, 50, seed=2)
    pools = [prompt.pool for prompt in drawn]
    assert 0 < pools.count(HIDDEN) < pools.count(PUBLIC)
    assert converse(record(WIDE, model="toy", prompts=50), Synthetic()).hidden_sha256 == WIDE.hidden_sha256
    public = replace(WIDE, prompts=tuple(p for p in WIDE.prompts if p.pool == PUBLIC))
    assert converse(record(public, model="toy", prompts=20), Synthetic()).hidden_sha256 is None
    assert recorded().hidden_sha256 is None
