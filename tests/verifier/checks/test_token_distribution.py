from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.small_world import (
    HONEST,
    INT4,
    INT8,
    NAMED,
    SUITE,
    baseline,
    calibrated,
    first_prompts,
    recorded,
    verify,
    wide,
)
from tests.verifier.synthetic import Synthetic
from verifier.baseline.model import Baseline, ContextType, Role
from verifier.checks.asking import draw_seed
from verifier.checks.base import Observation, Outcome, Probe, Purpose
from verifier.evidence.canonical import canonical_json
from verifier.evidence.replay import replay
from verifier.runner import MemoryStore, drive
from verifier.verification import Settings, verification

Result = dict[str, Any]


def finding(result: Result) -> Result:
    (found,) = [one for one in result["findings"] if one["check"] == "token_distribution"]
    return dict(found)


def test_a_faithful_result_says_what_it_excludes_and_how_close_it_is() -> None:
    result = verify(Synthetic(noise=HONEST, stack="x"))
    assert result["verdict"] == "faithful"
    assert result["stopped_because"] == "decided"
    assert result["excludes"] == "INT8 and coarser"
    fidelity = result["fidelity"]
    assert 99.4 < fidelity["low"] <= fidelity["value"] <= fidelity["high"] <= 100
    assert result["e_value"] == min(result["e_values"]["faithful_bulk"], result["e_values"]["faithful_tail"])
    assert result["e_value"] >= 100
    assert 90 <= result["decision_tokens"] <= 220
    assert result["sentence"].startswith("Faithful: At most 99.")
    assert result["sentence"].endswith("Excluded: INT8 and coarser.")
    assert finding(result)["outcome"] == "pass"


@pytest.mark.parametrize(
    ("noise", "nearest", "within"), [(INT8, "INT8", 60), (INT4, "INT4", 8), (2.0, "INT4", 6)]
)
def test_a_degradation_is_found_with_few_tokens_and_placed_on_the_ladder(
    noise: float, nearest: str, within: int
) -> None:
    for seed in range(3):
        result = verify(Synthetic(noise=noise, stack=f"d{seed}"), seed=seed)
        assert result["verdict"] == "deviating"
        assert result["decision_tokens"] <= within
        assert result["ladder"]["nearest"]["label"] == nearest
        assert result["ladder"]["place"] == ("beyond" if noise > 1 else "at")
        assert result["declaration"]["measured"] == nearest.lower()
        assert result["fidelity"]["value"] < result["honest_band"]["fidelity"]
        assert result["excludes"] is None
        assert finding(result)["outcome"] == "fail"


@pytest.mark.parametrize(("noise", "within"), [(INT8, 120), (INT4, 40)])
def test_text_alone_finds_them_too(noise: float, within: int) -> None:
    for seed in range(3):
        result = verify(Synthetic(noise=noise, stack=f"d{seed}"), seed=seed, no_logprobs=True)
        assert (result["evidence_level"], result["k"], result["fidelity"]) == ("text", 0, None)
        assert result["verdict"] == "deviating"
        assert result["decision_tokens"] <= within
        agreement = result["agreement"]
        assert agreement["low"] <= agreement["value"] <= agreement["high"]
        assert agreement["kind"] == "top-1 on near-tie contexts"
        assert result["honest_band"]["fidelity"] is None
        assert finding(result)["unit"] == "share of near-ties"


def test_another_vocabulary_is_another_model() -> None:
    for seed in range(2):
        result = verify(Synthetic(other_vocabulary=True), seed=seed)
        assert result["verdict"] == "different-model"
        assert result["e_value"] == result["e_values"]["accusation"] >= 100
        assert result["sentence"].startswith("Another model:")
        assert result["cause"]["name"] == "other model"


@pytest.mark.parametrize("lists", [2, 4])
def test_lists_too_short_to_be_disjoint_but_by_chance_speak_of_no_other_model(lists: int) -> None:
    result = verify(Synthetic(other_vocabulary=True, lists_at_most=lists))
    assert result["verdict"] == "deviating"
    assert result["e_values"]["different_model"] == 1.0


def test_a_hidden_prompt_is_deviating_with_its_cause() -> None:
    result = verify(Synthetic(hidden_prompt=True), declared="bf16")
    assert result["verdict"] == "deviating"
    assert result["cause"]["name"] == "hidden prompt"
    assert "13 prompt tokens more" in result["sentence"]
    assert result["declaration"] == {"declared": "bf16", "measured": None, "state": "unknown"}


def test_the_published_fidelity_is_that_of_the_whole_sample_however_soon_it_was_decided() -> None:
    """Deciding and estimating are two things: sixty prompts, every context of each."""
    result = verify(Synthetic(noise=INT4, stack="x"))
    order = finding(result)["details"]
    assert result["decision_tokens"] < 10
    assert result["contexts"] == 3 * 60
    assert order["prompts"] == 60
    assert result["completion_tokens"] == result["contexts"] + result["probe_tokens"]
    truth = verify(Synthetic(noise=INT4, stack="x"), estimation_prompts=150)
    assert truth["contexts"] == 450
    assert result["fidelity"]["low"] < truth["fidelity"]["value"] < result["fidelity"]["high"]


def test_decide_only_gives_a_verdict_and_no_fidelity() -> None:
    for noise in (HONEST, INT4):
        whole = verify(Synthetic(noise=noise, stack="x"))
        result = verify(Synthetic(noise=noise, stack="x"), decide_only=True)
        assert result["verdict"] == whole["verdict"]
        assert result["decision_tokens"] == whole["decision_tokens"]
        assert result["completion_tokens"] < whole["completion_tokens"]
        assert (result["fidelity"], result["fidelity_common"], result["agreement"]) == (None, None, None)
        assert "Fidelity was not estimated." in result["sentence"]


def test_tokens_are_booked_under_what_they_were_spent_on() -> None:
    for endpoint in (Synthetic(), Synthetic(noise=INT4), Synthetic(logprobs=False), Synthetic(fails=0.2)):
        result = verify(endpoint)
        assert result["decision_tokens"] <= result["completion_tokens"]
        assert 0 < result["probe_tokens"] <= 10
        assert result["requests"] == len(endpoint.asked)
        drawn = sum(probe.body["max_tokens"] - 1 for probe in endpoint.asked)
        assert result["completion_tokens"] <= result["requests"] + drawn
        keys = [probe.key for probe in endpoint.asked]
        assert len(set(keys)) == len(keys), "nothing is asked for twice"
        assert {probe.purpose for probe in endpoint.asked} <= set(Purpose) - {Purpose.RECORDING}


@pytest.mark.parametrize("limit", ["max_tokens", "max_requests"])
@pytest.mark.parametrize("budget", [1, 5, 30, 100, 200])
def test_a_budget_is_never_exceeded_and_never_an_accusation(limit: str, budget: int) -> None:
    endpoint = Synthetic(noise=HONEST, stack="x")
    bound: Any = {limit: budget}
    result = verify(endpoint, **bound)
    assert len(endpoint.asked) <= budget
    assert result["completion_tokens"] <= budget
    if budget <= 100:
        assert (result["verdict"], result["stopped_because"]) == ("inconclusive", "budget")
        assert finding(result)["outcome"] == "inconclusive"
    else:
        assert result["verdict"] == "faithful"


def test_a_run_that_the_budget_ended_says_so() -> None:
    result = verify(Synthetic(noise=HONEST, stack="x"), max_tokens=40)
    assert "the budget was spent before the evidence sufficed; allow more tokens" in result["sentence"]
    assert result["fidelity"] is not None


def test_a_suite_that_is_used_up_is_inconclusive() -> None:
    result = verify(Synthetic(noise=HONEST, stack="x"), baseline=first_prompts(60))
    assert (result["verdict"], result["stopped_because"]) == ("inconclusive", "pool-exhausted")
    assert "the suite has no more prompts" in result["sentence"]


def test_an_endpoint_that_goes_down_is_not_judged_further_and_not_asked_on() -> None:
    endpoint = Synthetic(noise=HONEST, stack="x", dies_after=50)
    result = verify(endpoint)
    assert (result["verdict"], result["stopped_because"]) == ("inconclusive", "endpoint-down")
    assert len(endpoint.asked) <= 50 + 2 * 8
    assert result["faulty_requests"] >= 8
    assert "the endpoint stopped answering" in result["sentence"]


def test_an_endpoint_that_goes_down_after_its_probe_was_not_measured_by_its_own_fault() -> None:
    result = verify(Synthetic(dies_after=4))
    assert (result["verdict"], result["stopped_because"]) == ("not-measured", "endpoint-down")
    assert finding(result)["outcome"] == "faulty"


def test_a_deviation_that_was_seen_before_it_went_down_stands() -> None:
    result = verify(Synthetic(noise=INT4, dies_after=40))
    assert (result["verdict"], result["stopped_because"]) == ("deviating", "decided")


def insensitive() -> Baseline:
    """Contexts at which a rung shows only in three prompts of a hundred and fifty."""
    found = recorded()
    for label, noise, role in (
        ("a", HONEST, Role.HONEST),
        ("b", HONEST, Role.HONEST),
        ("INT4", INT4, Role.RUNG),
    ):
        found = calibrated(found, Synthetic(noise=noise, stack=label), label, role, "int4")
    shown = set(list(found.by_prompt)[:6])
    rung = found.stacks[-1]
    official = {context.id: context.top for context in found.contexts}
    dull = {
        key: top if key.partition("/")[0] in shown else official[key] for key, top in rung.answers.items()
    }
    return found.with_stack(replace(rung, answers=dull))


def test_an_insensitive_suite_never_gives_faithful() -> None:
    known = insensitive()
    for seed in range(2):
        result = verify(Synthetic(), baseline=known, seed=seed)
        assert (result["verdict"], result["stopped_because"]) == ("inconclusive", "insensitive")
        assert finding(result)["details"]["can_tell"]["able"] is False
        assert "cannot tell INT4 and coarser from honest within the budget" in result["sentence"]


def test_an_insensitive_suite_can_still_accuse() -> None:
    assert verify(Synthetic(noise=INT4, stack="x"), baseline=insensitive())["verdict"] == "deviating"


def test_a_baseline_whose_honest_stacks_are_not_honest_judges_nobody() -> None:
    wild = calibrated(recorded(), Synthetic(other_vocabulary=True), "wild")
    for endpoint in (Synthetic(), Synthetic(noise=INT4)):
        result = verify(endpoint, baseline=wild)
        assert (result["verdict"], result["stopped_because"]) == ("inconclusive", "insensitive")
        assert "stray so far" in result["sentence"]


def test_a_baseline_that_was_never_calibrated_accuses_no_honest_engine() -> None:
    for seed in range(3):
        honest = verify(Synthetic(noise=HONEST, stack=f"h{seed}"), baseline=recorded(), seed=seed)
        assert honest["verdict"] in ("faithful", "inconclusive")
        assert honest["honest_band"]["provisional"] is True
        assert honest["ladder"] is None
    assert verify(Synthetic(noise=INT4, stack="x"), baseline=recorded())["verdict"] == "deviating"


def test_without_near_ties_text_alone_is_insufficient() -> None:
    certain = replace(
        baseline(),
        contexts=tuple(
            replace(c, top=c.top[:1]) for c in baseline().contexts if c.type is ContextType.FIRST_TOKEN
        ),
    )
    result = verify(Synthetic(logprobs=False), baseline=certain)
    assert result["verdict"] == "insufficient-access"
    assert result["fidelity"] is None
    assert "no context" in result["sentence"]


def test_answers_that_never_align_are_insufficient_and_no_accusation() -> None:
    silent = verify(Synthetic(logprobs=False, silent=True))
    assert silent["verdict"] == "insufficient-access"
    assert finding(silent)["outcome"] == "unsupported"


def observed(settings: Settings, endpoint: Synthetic) -> dict[str, Observation]:
    """Every observation of a run, by key."""
    found: dict[str, Observation] = {}

    class Keeping(Synthetic):
        def ask(self, probe: Probe) -> Observation:
            found[probe.key] = endpoint.ask(probe)
            return found[probe.key]

    verify(Keeping(), settings)
    return found


@pytest.mark.parametrize("noise", [HONEST, INT8, INT4])
def test_the_order_in_which_answers_arrive_does_not_matter(noise: float) -> None:
    results, arrived = [], []
    for seed in range(3):
        endpoint, chance, store = Synthetic(noise=noise, stack="x"), random.Random(seed), MemoryStore()

        async def ask(
            probe: Probe, endpoint: Synthetic = endpoint, chance: random.Random = chance
        ) -> Observation:
            for _ in range(chance.randrange(12)):
                await asyncio.sleep(0)
            return endpoint.ask(probe)

        dialogue = verification(baseline(), SUITE, Settings(seed=4), endpoint=NAMED)
        results.append(canonical_json(asyncio.run(drive(dialogue, ask, store, concurrency=8))))
        arrived.append([probe.key for probe, _ in store.saved])
    in_order = Synthetic(noise=noise, stack="x")
    results.append(canonical_json(verify(in_order, seed=4)))
    assert len(set(results)) == 1
    asked = [probe.key for probe in in_order.asked]
    assert all(sorted(one) == sorted(asked) and one != asked for one in arrived)


def test_seeds_change_the_draw_and_the_same_seed_repeats_it() -> None:
    def asked(seed: int) -> list[str]:
        endpoint = Synthetic(noise=HONEST, stack="x")
        verify(endpoint, seed=seed, decide_only=True)
        deciding = [probe.key for probe in endpoint.asked if probe.purpose is Purpose.DECISION]
        return [key for key in deciding if not key.endswith(("/drawn", "/written"))]

    assert asked(1) == asked(1)
    assert asked(1)[:20] != asked(2)[:20]
    assert len({key.partition("/")[0] for key in asked(1)}) == len(asked(1)), "one context a prompt decides"


def test_an_interrupted_run_is_judged_by_what_it_saw() -> None:
    endpoint = Synthetic(noise=HONEST, stack="x")
    seen = observed(Settings(), endpoint)
    for kept in (0, 3, 6, 20, 60):
        part = dict(list(seen.items())[:kept])
        result = replay(verification(baseline(), SUITE, Settings(), endpoint=NAMED), part)
        assert result["stopped_because"] == "interrupted"
        assert result["verdict"] == ("inconclusive" if kept > 4 else "not-measured")
        assert result["requests"] == kept
        assert all(one["outcome"] != Outcome.FAULTY for one in result["findings"])


def deciding(endpoint: Synthetic, **settings: Any) -> list[Probe]:
    """The requests that decide by lists or choices, in their order: those at pinned contexts."""
    verify(endpoint, **settings)
    kept = [probe for probe in endpoint.asked if probe.purpose is Purpose.DECISION]
    return [probe for probe in kept if not probe.key.endswith("/drawn") and not probe.key.startswith("l")]


def test_every_other_token_is_drawn_where_that_can_be_seen_and_costs_nothing() -> None:
    asked = deciding(Synthetic(noise=HONEST, stack="x"), seed=2**31 + 7, decide_only=True)
    drawn = [bool(probe.body["temperature"]) for probe in asked]
    assert not any(drawn[::2])
    assert 0.8 < sum(drawn[1::2]) / len(drawn[1::2]) <= 1.0, "but for places of halves of characters"
    seeds = {probe.key: probe.body["seed"] for probe in asked if probe.body["temperature"]}
    assert seeds == {key: draw_seed(2**31 + 7, key) for key in seeds}
    assert {probe.body["max_tokens"] for probe in asked} == {1}


@pytest.mark.parametrize(
    "habit",
    [{"logprobs": False}, {"refuses": frozenset({"top_k"})}, {"continues": None}],
    ids=["text", "refuses", "own-answers"],
)
def test_the_likeliest_is_asked_for_where_a_draw_says_nothing(habit: dict[str, Any]) -> None:
    asked = deciding(Synthetic(noise=HONEST, stack="x", **habit), decide_only=True)
    assert asked
    assert {probe.body["temperature"] for probe in asked} == {0.0}


def test_the_sample_that_estimates_is_never_drawn() -> None:
    endpoint = Synthetic(noise=INT4, stack="x")
    verify(endpoint)
    sample = [probe for probe in endpoint.asked if probe.purpose is Purpose.ESTIMATION]
    assert len(sample) > 100
    assert {probe.body["temperature"] for probe in sample} == {0.0}


def test_a_list_is_the_same_whether_its_token_was_drawn_or_not() -> None:
    drawn = verify(Synthetic(noise=INT8, stack="x"))
    likeliest = verify(Synthetic(noise=INT8, stack="x", refuses=frozenset({"min_p"})))
    for key in ("verdict", "fidelity", "decision_scores", "ladder"):
        assert drawn[key] == likeliest[key]


def test_the_start_turns_the_order_that_the_seed_drew() -> None:
    def places(start: int) -> list[str]:
        asked = deciding(Synthetic(noise=HONEST, stack="x"), seed=3, start=start, decide_only=True)
        return [probe.key for probe in asked]

    whole, turned = places(0), places(40)
    assert turned[:60] == whole[40:100]
    assert places(40 + 150) == turned
    assert not set(places(75)[:75]) & set(whole[:75]), "runs begun apart share no prompt at first"


def test_hidden_prompts_decide_beside_public_ones_and_long_ones_never() -> None:
    asked = deciding(Synthetic(noise=HONEST, stack="x"), baseline=wide(), decide_only=True)
    assert {probe.key[0] for probe in asked} == {"p", "h"}
    endpoint = Synthetic(noise=INT4, stack="x")
    verify(endpoint, baseline=wide())
    assert not [probe for probe in endpoint.asked if wide().is_long(probe.key.partition("/")[0])]


@pytest.mark.parametrize("noise", [HONEST, INT8])
@pytest.mark.parametrize("settings", [{}, {"max_tokens": 90}, {"alpha": 0.05, "no_logprobs": True}])
def test_what_is_kept_with_a_baseline_changes_no_result(noise: float, settings: dict[str, Any]) -> None:
    """The band, the ladder and the replay, computed by an earlier run or anew."""
    fresh = replace(baseline())
    assert not fresh.memo
    verify(Synthetic(noise=INT4, stack="y"), decide_only=True, alpha=0.02)
    result = verify(Synthetic(noise=noise, stack="x"), **settings)
    assert verify(Synthetic(noise=noise, stack="x"), baseline=fresh, **settings) == result
    assert fresh.memo


def test_no_two_draws_of_a_run_share_a_seed() -> None:
    """With one seed for all, an engine draws every token at one quantile: honesty would look like a trick."""
    endpoint = Synthetic(noise=HONEST, stack="x")
    verify(endpoint, decide_only=True)
    drawn = [probe for probe in endpoint.asked if "seed" in probe.body and probe.purpose is Purpose.DECISION]
    assert len(drawn) > 30
    assert len({probe.body["seed"] for probe in drawn}) == len(drawn)
