from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import FEW, texts, tokens
from tests.verifier.small_world import baseline, first_prompts, recorded
from verifier.baseline.model import (
    LONG,
    Baseline,
    Context,
    ContextType,
    PrefixProbe,
    PrefixStyle,
    Role,
    Stack,
)
from verifier.checks.base import Token

lists = st.lists(tokens, min_size=1, max_size=3).map(tuple)
contexts = st.builds(Context, texts, texts, st.sampled_from(ContextType), texts, lists)
first_token = st.builds(Context, texts, texts, st.just(ContextType.FIRST_TOKEN), st.just(""), lists)
stacks = st.builds(
    Stack,
    texts,
    texts,
    st.sampled_from(Role),
    st.none() | texts,
    st.dictionaries(texts, lists, max_size=2),
    texts,
)
baselines = st.builds(
    Baseline,
    model=texts,
    suite=texts,
    suite_sha256=texts,
    recorded_at=texts,
    k=st.integers(1, 20),
    seed=st.integers(0, 2**40),
    prefix_style=st.none() | st.sampled_from(PrefixStyle),
    prompt_tokens=st.dictionaries(texts, st.integers(0, 9999), max_size=2),
    prefix_probes=st.lists(st.builds(PrefixProbe, texts, texts, st.binary(max_size=4)), max_size=2).map(
        tuple
    ),
    contexts=st.tuples(first_token, contexts),
    set_aside=st.dictionaries(texts, st.integers(0, 9), max_size=2),
    stacks=st.lists(stacks, max_size=2).map(tuple),
    raw=st.dictionaries(texts, texts, max_size=2),
    hidden_sha256=st.none() | texts,
)


def through_json(record: Any) -> Any:
    return json.loads(json.dumps(record))


@FEW
@given(baselines)
def test_a_baseline_comes_back_as_it_was_and_keeps_its_name(one: Baseline) -> None:
    again = Baseline.from_json(through_json(one.to_json()))
    assert again == one
    assert again.id == one.id
    assert one.id.startswith("sha256:")
    assert len(one.id) == 71


def test_any_change_is_another_baseline() -> None:
    one = recorded()
    context = one.contexts[0]
    louder = replace(
        context, top=(Token(context.top[0].token, context.top[0].logprob * 1.01), *context.top[1:])
    )
    for other in (
        replace(one, seed=1),
        replace(one, contexts=one.contexts[:-1]),
        replace(one, contexts=(louder, *one.contexts[1:])),
        replace(one, stacks=(Stack("a", "a", Role.HONEST, None, {}),)),
        replace(one, raw={"p000": "user: What is 0?"}),
        replace(one, hidden_sha256="7" * 64),
    ):
        assert other.id != one.id


def test_a_stack_takes_the_place_of_the_one_with_its_name() -> None:
    one = baseline()
    again = one.with_stack(replace(one.stacks[0], label="measured again"))
    assert len(again.stacks) == len(one.stacks)
    assert again.stacks[-1].label == "measured again"
    assert [stack.role for stack in one.of_role(Role.HONEST)] == [Role.HONEST] * 2
    assert len(one.stacks) == 4, "frozen"


def test_contexts_are_grouped_by_prompt_in_their_order() -> None:
    one = recorded()
    assert sum(map(len, one.by_prompt.values())) == len(one.contexts)
    assert [context for group in one.by_prompt.values() for context in group] == list(one.contexts)


def test_tokens_that_spell_alike_are_one() -> None:
    """A rare twin down the list must not take the place of a likely token, whoever lists it."""
    top = (Token(b"a", -0.1), Token(b"b", -2.5), Token(b"a", -9.0))
    assert Context("x/0", "x", ContextType.FIRST_TOKEN, "", top).logprobs == {b"a": -0.1, b"b": -2.5}


@pytest.mark.parametrize("record", [{}, {"assay_baseline": 1}, {"assay_bundle": 1}, {"assay_baseline": "1"}])
def test_another_format_is_named(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not a baseline of format 2.*assay record"):
        Baseline.from_json(record)


DAMAGE: list[tuple[tuple[Any, ...], Any]] = [
    (("model",), ...),
    (("contexts",), ...),
    (("contexts",), None),
    (("contexts",), []),
    (("contexts", 0, "top"), []),
    (("contexts", 0, "top", 0, 0), "zz"),
    (("contexts", 0, "top", 0, 1), 3.5),
    (("contexts", 0, "top", 0, 1), float("nan")),
    (("contexts", 0, "top", 0), ["61"]),
    (("contexts", 0, "type"), "rumour"),
    (("contexts", 0), "text"),
    (("prefix_style",), "telepathy"),
    (("prefix_probes", 0), ["p"]),
    (("prompt_tokens",), []),
    (("prompt_tokens", "p000"), "many"),
    (("k",), "twenty"),
    (("stacks", 0, "role"), "judge"),
    (("stacks", 0, "answers", "p000/0"), []),
    (("stacks", 0, "answers"), None),
    (("stacks", 0, "cause"), ...),
    (("raw",), ...),
    (("hidden_sha256",), ...),
]


@pytest.mark.parametrize(("path", "value"), DAMAGE, ids=lambda part: str(part)[:40])
def test_damage_is_said_in_one_line(path: tuple[Any, ...], value: Any) -> None:
    record = through_json(first_prompts(5).to_json())
    *parents, last = path
    place = record
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    with pytest.raises(ValueError, match=r"the baseline file is damaged: .*; record it again") as caught:
        Baseline.from_json(record)
    assert "\n" not in str(caught.value)


def test_what_was_done_to_a_stack_is_part_of_its_name() -> None:
    one = baseline()
    told = one.with_stack(replace(one.stacks[-1], cause="pruning"))
    assert told.id != one.id
    assert Baseline.from_json(through_json(told.to_json())).stacks[-1].cause == "pruning"


def test_a_prompt_is_long_by_the_references_count() -> None:
    one = replace(recorded(), prompt_tokens={"p000": LONG, "p001": LONG - 1})
    assert [one.is_long(prompt_id) for prompt_id in ("p000", "p001", "p002")] == [True, False, False]


def test_what_is_kept_with_a_baseline_is_no_part_of_it() -> None:
    one = replace(recorded())
    one.memo["modes"] = {"anything": 1}
    again = replace(one)
    assert again.memo == {}
    assert again == one
    assert "memo" not in one.to_json()
