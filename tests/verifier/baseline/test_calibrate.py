from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from tests.verifier.small_world import HONEST, INT4, KNOWN, SUITE, calibrated, recorded, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.calibrate import CalibrationError, calibrate, spaced
from verifier.baseline.model import PrefixStyle, Role
from verifier.checks.base import Purpose


def test_every_context_is_asked_for_as_the_baseline_pins_it() -> None:
    endpoint = Synthetic(noise=HONEST, stack="x")
    found = calibrated(recorded(), endpoint, "engine-x")
    (stack,) = found.stacks
    assert (stack.name, stack.role, stack.quantization) == ("engine-x", Role.HONEST, None)
    assert set(stack.answers) == {context.id for context in recorded().contexts}
    assert [probe.key for probe in endpoint.asked] == [context.id for context in recorded().contexts]
    assert {probe.body["max_tokens"] for probe in endpoint.asked} == {1}
    assert {probe.purpose for probe in endpoint.asked} == {Purpose.RECORDING}
    assert found.contexts == recorded().contexts


def test_the_reference_itself_as_a_stack_is_bit_identical() -> None:
    found = calibrated(recorded(), Synthetic(), "again")
    assert {context.id: context.top for context in recorded().contexts} == found.stacks[0].answers


def test_some_prompts_at_even_distances() -> None:
    found = calibrated(recorded(), Synthetic(), "some", prompts=10)
    prompts = sorted({context_id.partition("/")[0] for context_id in found.stacks[0].answers})
    assert prompts == [f"p{i:03}" for i in range(0, 150, 15)]


@DETERMINISTIC
@given(st.integers(0, 60), st.none() | st.integers(1, 80))
def test_spacing_keeps_the_number_and_spreads(ids: int, n: int | None) -> None:
    names = [f"{i:02}" for i in range(ids)]
    taken = sorted(spaced(names, n))
    assert len(taken) == (ids if n is None else min(n, ids))
    gaps = [int(b) - int(a) for a, b in pairwise(taken)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_stack_that_fails_now_and_then_is_used_for_what_it_answered() -> None:
    found = calibrated(recorded(), Synthetic(fails=0.3), "shaky")
    assert 0.5 < len(found.stacks[0].answers) / len(recorded().contexts) < 0.9


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        (Synthetic(fails=0.8), "The toy says server-error"),
        (Synthetic(logprobs=False), "no usable top_logprobs"),
        (Synthetic(lists_at_most=5), "no usable top_logprobs"),
        (Synthetic(refuses_above=5), "The toy says rejected"),
        (Synthetic(after_temperature=True), "no usable top_logprobs"),
    ],
    ids=["500", "no-logprobs", "short-lists", "refuses", "one-hot"],
)
def test_a_deployment_that_cannot_calibrate_is_refused(endpoint: Synthetic, why: str) -> None:
    """Shorter lists above all: at the baseline's k they would make the band narrower than honest."""
    with pytest.raises(CalibrationError, match=rf"engine-x answered only \d+ of 450 .*{why}"):
        calibrated(recorded(), endpoint, "engine-x")


def test_a_baseline_of_another_suite_is_refused_before_anything_is_asked() -> None:
    foreign = replace(recorded(), suite_sha256="6" * 64)
    dialogue = calibrate(foreign, SUITE, name="x", label="x", role=Role.HONEST, quantization=None)
    endpoint = Synthetic()
    with pytest.raises(CalibrationError, match="that suite has changed since"):
        converse(dialogue, endpoint)
    assert not endpoint.asked


def test_prefixes_are_pinned_in_the_baselines_own_style() -> None:
    endpoint = Synthetic(continues=PrefixStyle.PREFIX)
    known = replace(recorded(), prefix_style=PrefixStyle.PREFIX)
    calibrated(known, endpoint, "prefix")
    pinned = [probe for probe in endpoint.asked if probe.body["messages"][-1]["role"] == "assistant"]
    assert pinned
    assert all(probe.body["messages"][-1]["prefix"] is True for probe in pinned)


def test_a_variant_keeps_its_cause_and_stays_off_the_ladder() -> None:
    found = calibrated(
        recorded(), Synthetic(noise=INT4), "KV cache q4_0", Role.VARIANT, "q4_0", "kv-cache quantization"
    )
    (stack,) = found.stacks
    assert (stack.role, stack.quantization, stack.cause) == (Role.VARIANT, "q4_0", "kv-cache quantization")
    assert found.of_role(Role.RUNG) == ()
    honest = calibrated(found, Synthetic(noise=HONEST), "engine")
    assert honest.stacks[-1].cause == ""


def test_hidden_and_long_prompts_are_asked_of_every_stack() -> None:
    for stack in wide().stacks:
        # But for a place where half a character is likeliest by the stack's own arithmetic.
        assert len(stack.answers) >= 0.99 * len(wide().contexts)
        assert {context_id.partition("/")[0] for context_id in stack.answers} == set(wide().by_prompt)
        assert stack.cause == KNOWN[stack.name][3]
