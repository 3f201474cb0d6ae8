from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.verifier.small_world import HONEST, INT4, SUITE, baseline, session, verify
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.band import band, tv_score
from verifier.baseline.model import Context, PrefixStyle
from verifier.baseline.selection import is_near_tie
from verifier.checks import capabilities
from verifier.checks.asking import context_probe, first_token_list
from verifier.checks.base import Purpose, Token
from verifier.checks.distribution_details import (
    COMMON_K,
    SHOWN_CONTEXTS,
    SHOWN_TOKENS,
    Estimates,
    estimates,
    most_divergent,
    numbers_json,
    replay_json,
    sentence,
)
from verifier.checks.evidence_mode import Mode, choose_mode
from verifier.checks.session import Capabilities, Session
from verifier.evidence.canonical import canonical_json
from verifier.stats.decision import Decision
from verifier.stats.intervals import Interval
from verifier.stats.power import Replay

Lists = dict[str, tuple[Token, ...]]
PROMPTS = {prompt.id: prompt for prompt in SUITE.prompts}
NOTHING = Estimates(None, None, None, None, None, None)


def measured(k: int = 20, noise: float = INT4) -> tuple[Mode, list[list[Context]], Lists]:
    """A mode, a sample of twenty prompts, and the lists an endpoint shows there."""
    mode = choose_mode(baseline(), Capabilities(True, k, PrefixStyle.PLAIN, ""))
    sample = [list(contexts) for contexts in list(baseline().by_prompt.values())[:20]]
    endpoint = Synthetic(noise=noise, stack="x")
    lists: Lists = {}
    for context in (context for contexts in sample for context in contexts):
        probe = context_probe(context, PROMPTS[context.prompt_id], PrefixStyle.PLAIN, 20, Purpose.ESTIMATION)
        answer = endpoint.ask(probe).answer
        assert answer is not None
        top = first_token_list(answer, context.prefix)
        if top is not None:
            lists[context.id] = top
    return mode, sample, lists


def scores(mode: Mode, lists: Lists) -> dict[str, float]:
    return {c.id: mode.score(c, lists[c.id]) for c in mode.contexts if c.id in lists}


def test_estimates_are_means_over_the_sample() -> None:
    """Second source: numpy over the same contexts."""
    mode, sample, lists = measured()
    numbers = estimates(session(), mode, sample, scores(mode, lists), lists)
    seen = [context for contexts in sample for context in contexts if context.id in lists]
    at = {k: [tv_score(k)(context, lists[context.id]) for context in seen] for k in (20, COMMON_K)}
    assert numbers.fidelity is not None
    assert numbers.fidelity_common is not None
    assert numbers.deviation == pytest.approx(np.mean(at[20]))
    assert numbers.fidelity.value == pytest.approx(100 * (1 - np.mean(at[20])))
    assert numbers.fidelity_common.value == pytest.approx(100 * (1 - np.mean(at[COMMON_K])))
    assert numbers.fidelity.value < numbers.fidelity_common.value, "a shorter list proves less"
    assert numbers.fidelity.low < numbers.fidelity.value < numbers.fidelity.high
    assert numbers.fidelity.n == 20
    ties = [context for context in seen if is_near_tie(context)]
    same = [lists[context.id][0].token == context.top[0].token for context in ties]
    assert numbers.agreement is not None
    assert numbers.agreement.value == pytest.approx(np.mean(same))
    assert numbers.agreement.n == len(ties)
    assert numbers.kl is not None
    assert 0 < numbers.kl < 1
    assert numbers.rms_dlogp == pytest.approx(INT4, rel=0.35), "each logit strays by so much"


def test_the_kl_bound_lies_below_the_kl_of_the_models() -> None:
    mode, sample, lists = measured()
    numbers = estimates(session(), mode, sample, scores(mode, lists), lists)
    official, endpoint = Synthetic(), Synthetic(noise=INT4, stack="x")
    truths = []
    for context in (c for contexts in sample for c in contexts if c.id in lists):
        prompt = f"user: {PROMPTS[context.prompt_id].messages[0]['content']}"
        q, p = (model.next_token(prompt, context.prefix.encode()) for model in (official, endpoint))
        truths.append(float(np.sum(np.exp(q) * (q - p))))
    assert numbers.kl is not None
    assert 0.5 * np.mean(truths) < numbers.kl < np.mean(truths)


def test_without_an_estimation_sample_only_the_ladder_has_a_number() -> None:
    mode, sample, lists = measured()
    numbers = estimates(session(decide_only=True), mode, sample[:3], scores(mode, lists), lists)
    assert replace(numbers, deviation=None) == NOTHING
    assert numbers.deviation is not None


def test_one_prompt_or_none_gives_no_interval() -> None:
    mode, sample, lists = measured()
    assert estimates(session(), mode, sample, {}, {}) == NOTHING
    one = {context.id: lists[context.id] for context in sample[0]}
    numbers = estimates(session(), mode, sample, scores(mode, one), one)
    assert (numbers.fidelity, numbers.deviation) == (None, None)


def test_text_alone_has_agreement_and_no_fidelity() -> None:
    mode = choose_mode(baseline(), Capabilities(True, 0, PrefixStyle.PLAIN, ""))
    lists: Lists = {
        context.id: (Token(context.top[i % 2].token, 0.0),) for i, context in enumerate(mode.contexts)
    }
    sample = [[context] for context in mode.contexts]
    numbers = estimates(session(), mode, sample, scores(mode, lists), lists)
    assert (numbers.fidelity, numbers.kl, numbers.rms_dlogp) == (None, None, None)
    assert numbers.agreement is not None
    assert numbers.agreement.value == pytest.approx(0.5, abs=0.01)
    assert numbers.deviation is not None
    assert numbers_json(baseline(), mode, numbers)["honest_band"]["fidelity"] is None


def test_fidelity_stays_within_0_and_100() -> None:
    mode, sample, _ = measured()
    same = {context.id: context.top for contexts in sample for context in contexts}
    best = estimates(session(), mode, sample, scores(mode, same), same).fidelity
    assert best == Interval(100.0, 100.0, 100.0, 20)
    apart: Lists = {key: (Token(b"never", 0.0), Token(b"seen", -50.0)) for key in same}
    worst = estimates(session(), mode, sample, scores(mode, apart), apart).fidelity
    assert worst is not None
    assert 0 <= worst.low <= worst.value < 2


def test_the_numbers_are_published_with_the_band_and_the_ladder_of_their_own_k() -> None:
    mode, sample, lists = measured()
    numbers = estimates(session(), mode, sample, scores(mode, lists), lists)
    published = numbers_json(baseline(), mode, numbers)
    canonical_json(published)
    assert published["honest_band"]["delta"] == mode.band.delta
    assert published["honest_band"]["stacks"] == 2
    assert not published["honest_band"]["provisional"]
    assert [one["label"] for one in published["honest_band"]["honest"]] != []
    assert published["ladder"]["place"] == "at"
    assert published["ladder"]["nearest"]["label"] == "INT4"
    assert [rung["label"] for rung in published["ladder"]["rungs"]] == ["INT8", "INT4"]
    common = published["fidelity_common"]
    at_5 = band(baseline(), mode.contexts, tv_score(COMMON_K))
    assert common["k"] == COMMON_K
    assert common["honest_band"]["delta"] == at_5.delta < mode.band.delta
    assert common["ladder"]["nearest"]["mean"] == at_5.rungs[-1].mean
    assert numbers_json(baseline(), mode, NOTHING)["ladder"]["nearest"] is None


def test_an_endpoint_with_three_tokens_is_ranked_at_three() -> None:
    assert verify(Synthetic(lists_at_most=3))["fidelity_common"]["k"] == 3


@pytest.mark.parametrize(
    "verdict", ["faithful", "deviating", "different-model", "inconclusive", "not-measured"]
)
@pytest.mark.parametrize("k", [20, 0])
@pytest.mark.parametrize("with_numbers", [True, False])
def test_every_verdict_is_a_sentence(verdict: str, k: int, with_numbers: bool) -> None:
    mode = choose_mode(baseline(), Capabilities(True, k, PrefixStyle.PLAIN, ""))
    fidelity, agreement = Interval(97.2, 96.7, 97.6, 60), Interval(0.93, 0.9, 0.95, 120)
    numbers = (
        replace(NOTHING, fidelity=fidelity if k else None, agreement=agreement) if with_numbers else NOTHING
    )
    decision = Decision(delta=0.01, c=0.1, alpha=0.01)
    for why in ("decided", "budget", "insensitive", "endpoint-down", "interrupted", "pool-exhausted"):
        said = sentence(mode, verdict, why, decision, numbers)
        assert said.endswith(".")
        assert ".." not in said
        assert "None" not in said
        if not with_numbers:
            assert said.startswith("Fidelity was not estimated.")
        elif k:
            assert said.startswith("At most 97.20 of 100 next tokens")
        else:
            assert said.startswith(
                "It made the official weights' choice at 93 % of 120 near-ties (90 to 95 %)."
            )
        if verdict == "inconclusive":
            assert "Undecided after 0 prompts" in said


def test_the_contexts_that_deviate_most_are_shown_with_both_distributions() -> None:
    mode, _, lists = measured()
    asking: Session = session()
    converse(capabilities.run(asking), Synthetic())
    by_score = scores(mode, lists)
    shown = most_divergent(asking, mode, by_score, lists)
    assert len(shown) == SHOWN_CONTEXTS
    assert [one["tv"] for one in shown] == sorted(by_score.values(), reverse=True)[:SHOWN_CONTEXTS]
    for one in shown:
        assert one["prompt"] == PROMPTS[one["prompt_id"]].messages[0]["content"]
        assert len(one["reference"]) == len(one["endpoint"]) == SHOWN_TOKENS
        assert [t["p"] for t in one["reference"]] == sorted((t["p"] for t in one["reference"]), reverse=True)
    json.dumps(shown, allow_nan=False)


def test_halves_of_characters_are_shown_as_their_bytes() -> None:
    mode, _, _ = measured()
    context = mode.contexts[0]
    half = {context.id: (Token(b"\xf0\x9f", math.log(0.5)), Token("ж".encode(), -3.0))}
    (one,) = most_divergent(session(), mode, {context.id: 0.5}, half)
    assert [token["token"] for token in one["endpoint"]] == ["\\xf0\\x9f", "ж"]


def test_contexts_that_deviate_alike_are_shown_in_one_order() -> None:
    mode, _, _ = measured(noise=HONEST)
    tied = {context.id: 0.25 for context in mode.contexts}
    lists = {context.id: context.top for context in mode.contexts}
    shown = most_divergent(session(), mode, tied, lists)
    again = most_divergent(session(), mode, dict(reversed(tied.items())), lists)
    assert shown == again


def test_a_replay_is_published_whole() -> None:
    assert replay_json(Replay(0.95, 0.0, 14.5, 40)) == {
        "able": True, "detected": 0.95, "called_faithful": 0.0, "prompts": 14.5, "orders": 40,
    }  # fmt: skip
