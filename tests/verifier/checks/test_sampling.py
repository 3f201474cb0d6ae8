from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.small_world import HONEST, INT4, found_by, judged, session, verify, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks import sampling
from verifier.checks.base import Outcome, Purpose

Result = dict[str, Any]
OVERRIDES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "colder": ({"temperature": 0.5}, {"temperature override"}),
    "hotter": ({"temperature": 1.5}, {"temperature override"}),
    "cut": ({"keeps_top": 5}, {"truncated sampling"}),
}


def test_honest_draws_are_spread_as_their_lists_say() -> None:
    result = judged()
    finding = found_by("sampling", result)
    assert finding["outcome"] == "pass"
    assert finding["n"] >= sampling.AT_LEAST
    assert "as its own lists say" in finding["cause"]
    assert finding["estimate"] < 0.25
    assert result["e_values"]["sampling"] < 100
    assert "explains" not in finding["details"]
    assert sum(finding["details"]["alternatives"].values()) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", OVERRIDES)
def test_an_override_of_the_request_is_found_and_named(name: str) -> None:
    habit, causes = OVERRIDES[name]
    result = judged(**habit)
    finding = found_by("sampling", result)
    assert result["verdict"] == "deviating"
    assert result["cause"]["name"] in causes
    assert 0 < result["cause"]["support"] <= 1
    assert finding["outcome"] == "fail"
    assert finding["cause"] in result["sentence"]
    assert result["e_values"]["sampling"] > 100
    assert result["e_values"]["distribution"] < 100
    assert result["fidelity"]["low"] > 99, "the weights are the official ones"
    assert found_by("greedy_choice", result)["outcome"] == "pass"
    assert result["declaration"]["measured"] is None


@pytest.mark.parametrize("name", OVERRIDES)
def test_the_size_of_the_effect_stands_beside_it(name: str) -> None:
    seen = found_by("sampling", judged(**OVERRIDES[name][0]))
    assert seen["estimate"] > found_by("sampling", judged())["estimate"]
    assert seen["unit"] == "Kolmogorov distance"


def test_other_seeds_draw_other_tokens_and_none_accuses_an_honest_endpoint() -> None:
    drawn = []
    for seed in range(3):
        result = verify(Synthetic(noise=HONEST, stack="x"), baseline=wide(), seed=seed, decide_only=True)
        assert result["verdict"] not in ("deviating", "different-model")
        drawn.append(result["e_values"]["sampling"])
    assert len(set(drawn)) == 3


def test_without_lists_the_official_ones_are_held_against_the_text() -> None:
    honest = found_by("sampling", judged(logprobs=False))
    assert honest["outcome"] == "pass"
    assert "as the official weights' lists say" in honest["cause"]
    result = judged(logprobs=False, temperature=0.5)
    assert (result["evidence_level"], result["verdict"]) == ("text", "deviating")
    assert result["cause"]["name"] == "temperature override"
    assert found_by("sampling", result)["estimate"] is None, "no list, no transform"


@pytest.mark.parametrize("logprobs", [True, False])
def test_an_endpoint_that_takes_no_word_against_a_cut_tail_is_not_drawn_from(logprobs: bool) -> None:
    """What its engine cuts by default nobody asked it not to."""
    endpoint = Synthetic(
        noise=HONEST, stack="x", temperature=0.3, logprobs=logprobs, refuses=frozenset({"min_p"})
    )
    result = verify(endpoint, baseline=wide(), decide_only=True)
    assert result["verdict"] in ("faithful", "inconclusive")
    finding = found_by("sampling", result)
    assert finding["outcome"] == "unsupported"
    assert "top_k, min_p" in finding["cause"]
    drawn = [probe for probe in endpoint.asked if probe.body["temperature"] != 0]
    assert {probe.purpose for probe in drawn} <= {Purpose.CAPABILITY}


def test_a_deviation_that_is_found_already_is_not_drawn_on() -> None:
    endpoint = Synthetic(noise=INT4, stack="x")
    verify(endpoint, baseline=wide())
    assert not [probe for probe in endpoint.asked if probe.key.endswith("/drawn")]


def test_draws_are_bounded_and_asked_for_from_the_whole_distribution() -> None:
    endpoint = Synthetic(noise=HONEST, stack="x")
    verify(endpoint, baseline=wide(), seed=2**40 + 5)
    drawn = [probe for probe in endpoint.asked if probe.body["temperature"] != 0]
    assert sum(probe.body["max_tokens"] for probe in drawn) < sampling.AT_MOST + 200
    for probe in drawn:
        whole = {name: probe.body[name] for name in ("temperature", "top_p", "top_k", "min_p")}
        assert whole == {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
        assert 0 <= probe.body["seed"] < 2**31
    assert len({probe.key for probe in endpoint.asked}) == len(endpoint.asked)


def test_before_anything_was_decided_on_nothing_is_drawn() -> None:
    endpoint = Synthetic()
    finding = converse(sampling.run(session()), endpoint)
    assert finding.outcome is Outcome.UNSUPPORTED
    assert not endpoint.asked


def test_an_endpoint_that_stops_answering_draws_is_not_judged_by_them() -> None:
    result = verify(Synthetic(noise=HONEST, stack="x", dies_after=20), baseline=wide())
    finding = found_by("sampling", result)
    assert finding["outcome"] == "inconclusive"
    assert "too few to tell" in finding["cause"]
