from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, found_by, judged, session, verify, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Role
from verifier.checks import written_tokens
from verifier.checks.base import Outcome, Purpose


def test_honest_text_is_the_official_weights_choice_and_costs_little() -> None:
    result = judged()
    finding = found_by("written_tokens", result)
    assert finding["outcome"] == "pass"
    assert finding["n"] >= written_tokens.AT_LEAST
    assert result["e_values"]["written"] < 10
    without = finding["n"] - written_tokens.AT_LEAST
    assert without < 2 * written_tokens.BATCH, "it stops as soon as it may"


def test_text_a_little_off_beside_official_lists_is_an_accusation_with_its_cause() -> None:
    """Off by so little that hardly a token is other than the likeliest of its list by more than a tie."""
    result = judged(text_noise=INT8)
    finding = found_by("written_tokens", result)
    assert (result["verdict"], finding["outcome"]) == ("deviating", "fail")
    assert result["cause"]["name"] == "lossy speculative decoding"
    assert finding["cause"] in result["sentence"]
    assert (
        result["e_values"]["written"]
        > 100
        > max(result["e_values"][kind] for kind in ("distribution", "choice", "sampling", "window"))
    )
    assert result["fidelity"]["low"] > 99, "the lists themselves are the official ones"
    assert result["declaration"]["measured"] is None


def test_what_another_check_found_is_left_to_it() -> None:
    for habit in ({"noise": INT4}, {"text_noise": INT4}):
        result = judged(**habit)
        finding = found_by("written_tokens", result)
        assert (finding["outcome"], finding["n"]) == ("inconclusive", None)
        assert result["e_values"]["written"] == 1.0


@pytest.mark.parametrize(
    "habit", [{"logprobs": False}, {"continues": None}], ids=["text-only", "own-answers"]
)
def test_lists_and_text_of_the_same_places_are_needed(habit: dict[str, bool | None]) -> None:
    finding = found_by("written_tokens", judged(**habit))
    assert finding["outcome"] == "unsupported"


def test_with_one_honest_stack_nobody_is_accused_by_it() -> None:
    """How far honest text strays is not known from one."""
    known = wide()
    honest = [stack for stack in known.stacks if stack.role is Role.HONEST]
    one = replace(known, stacks=tuple(stack for stack in known.stacks if stack not in honest[1:]))
    result = verify(Synthetic(noise=HONEST, stack="x", text_noise=INT8), baseline=one, decide_only=True)
    assert found_by("written_tokens", result)["outcome"] == "unsupported"
    assert result["e_values"]["written"] == 1.0


def test_a_run_that_decided_nothing_asks_for_nothing() -> None:
    endpoint = Synthetic()
    finding = converse(written_tokens.run(session()), endpoint)
    assert finding.outcome is Outcome.UNSUPPORTED
    assert not endpoint.asked


def test_it_reads_what_was_asked_before_and_asks_each_other_place_once() -> None:
    endpoint = Synthetic(noise=HONEST, stack="x")
    verify(endpoint)
    keys = [probe.key for probe in endpoint.asked]
    own = [probe for probe in endpoint.asked if probe.key.endswith("/written")]
    assert len(keys) == len(set(keys))
    assert all(probe.purpose is Purpose.DECISION and probe.body["max_tokens"] == 1 for probe in own)
    whole = {probe.key for probe in endpoint.asked if probe.body["temperature"] == 0}
    assert not {probe.key.removesuffix("/written") for probe in own} & whole


def test_whether_its_places_were_estimated_too_changes_nothing() -> None:
    for noise in (0.0, INT8):
        whole, decided = (
            verify(Synthetic(noise=HONEST, stack="x", text_noise=noise), decide_only=only)
            for only in (False, True)
        )
        assert whole["e_values"] == decided["e_values"]
        assert whole["decision_tokens"] == decided["decision_tokens"]
