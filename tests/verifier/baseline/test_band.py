from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.verifier.small_world import INT4, KNOWN, LONG, SUITE, baseline, calibrated, recorded, wide
from tests.verifier.synthetic import Synthetic
from verifier.baseline.band import (
    BEYOND,
    FLOOR,
    MARGIN,
    UNCALIBRATED,
    Band,
    Place,
    Rung,
    band,
    mean_over_prompts,
    prompt_scores,
    tv_score,
    usable_contexts,
)
from verifier.baseline.model import Baseline, ContextType, Role, Stack
from verifier.checks.base import Token


def stack(name: str, mean: float, role: Role = Role.RUNG) -> Stack:
    """Answers whose score at every context is `mean`, under `as_told`."""
    answers = {context.id: (Token(str(mean).encode(), 0.0),) for context in recorded().contexts}
    return Stack(name, name.upper(), role, None, answers)


def as_told(_: object, top: tuple[Token, ...]) -> float:
    return float(top[0].token)


def made(honest: list[float], rungs: list[float]) -> Band:
    stacks = [stack(f"h{x}", x, Role.HONEST) for x in honest] + [stack(f"r{x}", x) for x in rungs]
    return band(replace(recorded(), stacks=tuple(stacks)), recorded().contexts, as_told)


def test_delta_is_the_margin_times_the_worst_honest_mean() -> None:
    found = made([0.002, 0.004, 0.001], [])
    assert found.delta == pytest.approx(MARGIN * 0.004)
    assert found.worst_honest == pytest.approx(0.004)
    assert [rung.mean for rung in found.honest] == pytest.approx([0.001, 0.002, 0.004])
    assert not found.provisional


def test_stacks_that_agree_bit_for_bit_still_leave_room() -> None:
    assert made([0.0, 0.0], []).delta == FLOOR


def test_without_honest_stacks_the_band_is_as_wide_as_honest_ones_were_ever_seen_to_stray() -> None:
    """A baseline that was only recorded must not accuse the first honest engine that comes along."""
    found = made([], [])
    assert found.delta == UNCALIBRATED >= MARGIN * 0.008
    assert found.provisional


@pytest.mark.parametrize(("stacks", "provisional"), [(0, True), (1, True), (2, False), (3, False)])
def test_fewer_than_two_honest_stacks_are_provisional(stacks: int, provisional: bool) -> None:
    assert made([0.001 + i / 1000 for i in range(stacks)], []).provisional is provisional


def test_a_stack_that_answered_none_of_these_contexts_counts_for_nothing() -> None:
    elsewhere = Stack("far", "far", Role.HONEST, None, {"other/0": (Token(b"0.5", 0.0),)})
    rung = replace(elsewhere, name="rung", role=Role.RUNG)
    with_them = replace(recorded(), stacks=(stack("near", 0.002, Role.HONEST), elsewhere, rung))
    found = band(with_them, recorded().contexts, as_told)
    assert [one.name for one in found.honest] == ["near"]
    assert found.provisional
    assert found.rungs == ()


def test_c_is_the_smallest_rung_that_is_clear_of_the_band() -> None:
    found = made([0.004], [0.2, 0.011, 0.03])
    assert found.c == pytest.approx(0.03)
    assert found.excludes == "R0.03 and coarser"
    assert [rung.mean for rung in found.rungs] == pytest.approx([0.011, 0.03, 0.2])


def test_without_a_ladder_it_names_a_size() -> None:
    found = made([0.003, 0.004], [])
    assert found.c == pytest.approx(4 * found.delta)
    assert found.excludes == "a mean deviation of 2.4 points or more"


def test_one_stack_never_makes_a_narrow_band() -> None:
    """It may agree bit for bit, and would then accuse every other honest stack."""
    assert made([0.0], []).delta == made([], []).delta > made([0.0, 0.0], []).delta


def test_a_far_ladder_is_not_waited_for() -> None:
    found = made([0.003, 0.004], [0.3])
    assert found.c == pytest.approx(8 * found.delta)
    assert found.excludes == "a mean deviation of 4.8 points or more"


def test_a_ladder_that_lies_in_the_band_names_its_coarsest_rung() -> None:
    """What cannot be told apart here; `token_distribution` then never grants faithful."""
    found = made([0.004], [0.002, 0.008])
    assert found.c == pytest.approx(4 * found.delta)
    assert found.excludes == "R0.008 and coarser"


def ladder(*means: float) -> Band:
    rungs = tuple(Rung(f"r{x}", f"r{x}", None, x, 10) for x in means)
    return Band(0.006, 0.03, "", MARGIN, (), rungs)


def test_the_nearest_rung_is_so_in_proportion() -> None:
    scale = ladder(0.02, 0.08, 0.3)
    nearest = [scale.nearest(mean) for mean in (0.0, 0.02, 0.039, 0.041, 0.16, 0.9)]
    assert [rung.mean for rung in nearest if rung] == [0.02, 0.02, 0.02, 0.08, 0.3, 0.3]
    assert ladder().nearest(0.5) is None


def test_a_mean_lies_at_a_rung_or_off_either_end() -> None:
    scale = ladder(0.02, 0.3)
    assert ladder().place(0.1) is Place.NO_LADDER
    assert scale.place(0.02 / BEYOND * 0.99) is Place.SHORT_OF
    assert scale.place(0.02 / BEYOND * 1.01) is Place.AT
    assert scale.place(0.08) is Place.AT
    assert scale.place(0.3 * BEYOND * 0.99) is Place.AT
    assert scale.place(0.3 * BEYOND * 1.01) is Place.BEYOND
    assert scale.place(0.0) is Place.SHORT_OF


def test_every_prompt_counts_once_however_many_contexts_it_has() -> None:
    scores = {"a": [0.0, 0.0, 0.3], "b": [0.5], "c": []}
    assert mean_over_prompts(scores) == pytest.approx(np.mean([0.1, 0.5]))
    assert mean_over_prompts({}) == 0.0


def test_only_answered_contexts_are_scored() -> None:
    contexts = recorded().contexts[:6]
    one = replace(stack("s", 0.25), answers={contexts[0].id: (Token(b"0.25", 0.0),)})
    assert prompt_scores(one, contexts, as_told) == {contexts[0].prompt_id: [0.25]}


def test_the_band_is_measured_at_the_endpoints_own_k_and_types() -> None:
    """A number at 5 tokens means something else than one at 20: each has its own delta and ladder."""
    contexts = baseline().contexts
    at = {k: band(baseline(), contexts, tv_score(k)) for k in (20, 5, 2)}
    for longer, shorter in ((at[20], at[5]), (at[5], at[2])):
        assert shorter.delta <= longer.delta
        assert shorter.c < longer.c
        assert all(a.mean < b.mean for a, b in zip(shorter.rungs, longer.rungs, strict=True))
    first = usable_contexts(baseline(), [ContextType.FIRST_TOKEN])
    assert {context.type for context in first} == {ContextType.FIRST_TOKEN}
    only_first = band(baseline(), first, tv_score(20))
    assert only_first.honest[0].n == len(first) < at[20].honest[0].n


def test_a_ladder_from_fewer_prompts_is_measured_on_those() -> None:
    some = calibrated(recorded(), Synthetic(noise=INT4, stack="c"), "INT4", Role.RUNG, "int4", prompts=20)
    rung = band(some, some.contexts, tv_score(20)).rungs[0]
    assert len({context.prompt_id for context in some.contexts if context.id in some.stacks[0].answers}) == 20
    assert 0 < rung.n < len(some.contexts)


def test_the_order_in_which_stacks_were_added_does_not_matter() -> None:
    one = baseline()
    other: Baseline = replace(one, stacks=tuple(reversed(one.stacks)))
    assert band(one, one.contexts, tv_score(20)) == band(other, other.contexts, tv_score(20))
    assert {prompt.id for prompt in SUITE.prompts} >= set(one.by_prompt)


def test_long_prompts_have_a_band_of_their_own() -> None:
    every = list(ContextType)
    short, long = (usable_contexts(wide(), every, long=is_long) for is_long in (False, True))
    assert len(long) == LONG
    assert {context.id for context in short + long} == {context.id for context in wide().contexts}
    assert not {context.prompt_id for context in short} & {context.prompt_id for context in long}
    assert all(wide().is_long(context.prompt_id) for context in long)
    apart = band(wide(), long, tv_score(20))
    assert [stack.n for stack in apart.honest] == [LONG, LONG]
    assert apart.delta < apart.c
    assert usable_contexts(recorded(), every, long=True) == []


def test_a_variant_is_neither_honest_nor_a_rung() -> None:
    found = band(wide(), wide().contexts, tv_score(5))
    named = {rung.name for rung in (*found.honest, *found.rungs)}
    assert named == {name for name, known in KNOWN.items() if known[1] is not Role.VARIANT}
