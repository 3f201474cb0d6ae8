from __future__ import annotations

import math

import pytest

from tests.verifier.small_world import INT4, baseline, found_by, judged, session, verify
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks import greedy_choice
from verifier.checks.base import Finding, Outcome, Position, Token
from verifier.stats.decision import Decision


def test_honest_choices_are_the_likeliest_of_their_lists() -> None:
    finding = found_by("greedy_choice", judged())
    assert finding["outcome"] == "pass"
    assert finding["estimate"] == finding["high"] == 1.0
    assert finding["details"]["strayed"] == 0
    assert finding["n"] > 60


def test_degraded_weights_choose_by_their_own_lists_all_the_same() -> None:
    """Other weights are not another way of choosing."""
    result = judged(noise=INT4)
    assert result["verdict"] == "deviating"
    assert found_by("greedy_choice", result)["outcome"] == "pass"


@pytest.mark.parametrize(
    ("habit", "cause"),
    [
        ({"text_noise": INT4}, "spoofed logprobs"),
        ({"text_noise": 2.0}, "spoofed logprobs"),
        ({"accepts_from": 0.2}, "lossy speculative decoding"),
    ],
    ids=["int4", "another-model", "lossy"],
)
def test_text_that_is_not_its_lists_is_an_accusation_with_its_cause(
    habit: dict[str, float], cause: str
) -> None:
    result = judged(**habit)
    finding = found_by("greedy_choice", result)
    assert (result["verdict"], result["cause"]["name"]) == ("deviating", cause)
    assert finding["outcome"] == "fail"
    assert finding["cause"] in result["sentence"]
    assert "are not the likeliest of the list" in finding["cause"]
    assert result["e_values"]["choice"] > 100 > result["e_values"]["distribution"]
    assert result["fidelity"]["low"] > 99, "the lists themselves are the official ones"
    assert found_by("token_distribution", result)["outcome"] in ("inconclusive", "pass")
    assert result["declaration"]["measured"] is None


def test_it_costs_no_request_and_takes_lists() -> None:
    asking = session()
    endpoint = Synthetic()
    finding = converse(greedy_choice.run(asking), endpoint)
    assert (finding.outcome, finding.n) == (Outcome.UNSUPPORTED, 0)
    assert not endpoint.asked
    text = verify(Synthetic(), no_logprobs=True, decide_only=True)
    assert found_by("greedy_choice", text)["outcome"] == "unsupported"


def choosing(strays: int, of: int, p: float = 0.3) -> Finding:
    """The finding over `of` choices, of which `strays` had the probability `p` beside one of 0.5."""
    asking = session(baseline())
    decision = asking.decision = Decision(delta=0.01, c=0.05, alpha=0.01)
    top = (Token(b"a", math.log(0.5)), Token(b"b", math.log(p)))
    for i in range(of):
        astray = i < strays
        asking.gathered.greedy[f"c{i}"] = Position(b"b" if astray else b"a", math.log(p), top)
        decision.update_choice(astray)
    return converse(greedy_choice.run(asking), Synthetic())


def test_a_single_stray_is_a_warning_and_explains_nothing() -> None:
    finding = choosing(1, 60)
    assert finding.outcome is Outcome.WARN
    assert "explains" not in finding.details
    assert finding.details["smallest_probability"] == pytest.approx(0.3)


def test_many_strays_are_spoofed_when_even_a_careless_draft_would_not_have_passed() -> None:
    assert choosing(20, 60).details["explains"]["name"] == "lossy speculative decoding"
    spoofed = choosing(20, 60, p=0.001)
    assert spoofed.outcome is Outcome.FAIL
    assert spoofed.details["explains"]["name"] == "spoofed logprobs"
    assert spoofed.details["explains"]["evidence"] == spoofed.cause
