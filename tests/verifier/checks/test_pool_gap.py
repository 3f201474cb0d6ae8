from __future__ import annotations

import pytest

from tests.verifier.small_world import (
    HONEST,
    INT4,
    INT8,
    WIDE,
    found_by,
    judged,
    session,
    verify,
    wide,
)
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks import pool_gap
from verifier.checks.base import Outcome
from verifier.suites import HIDDEN, PUBLIC

KNOWN = frozenset(prompt.messages[-1]["content"] for prompt in WIDE.prompts if prompt.pool == PUBLIC)


def test_public_prompts_answered_by_better_weights_are_special_casing() -> None:
    result = judged(noise=INT4, knows=KNOWN)
    finding = found_by("pool_gap", result)
    assert (result["verdict"], finding["outcome"]) == ("deviating", "fail")
    assert result["cause"]["name"] == "special-casing"
    assert finding["low"] > 0
    assert finding["low"] <= finding["estimate"] <= finding["high"]
    assert finding["details"]["public"]["value"] < result["honest_band"]["delta"]
    assert finding["n"] == finding["details"]["public"]["n"] + finding["details"]["hidden"]["n"]
    assert result["cause"]["support"] > 0.9
    assert result["declaration"]["measured"] is None, "what the public is served is not what was measured"


@pytest.mark.parametrize("noise", [HONEST, INT8, INT4])
def test_who_treats_all_prompts_alike_shows_no_gap(noise: float) -> None:
    finding = found_by("pool_gap", judged(noise=noise))
    assert finding["outcome"] == "pass"
    assert "explains" not in finding["details"]


def test_a_gap_the_other_way_is_no_special_casing() -> None:
    """Hidden prompts answered well and public ones badly: odd, and not what a cheat does."""
    hidden = frozenset(prompt.messages[-1]["content"] for prompt in WIDE.prompts if prompt.pool == HIDDEN)
    result = judged(noise=INT4, knows=hidden)
    assert result["verdict"] == "deviating"
    assert found_by("pool_gap", result)["outcome"] == "pass"
    assert (result["cause"] or {"name": None})["name"] != "special-casing"


def test_without_a_hidden_pool_or_answers_there_is_nothing_to_compare() -> None:
    assert found_by("pool_gap", verify(Synthetic(noise=INT4)))["outcome"] == "unsupported"
    asking = session(wide())
    endpoint = Synthetic()
    assert converse(pool_gap.run(asking), endpoint).outcome is Outcome.UNSUPPORTED
    assert not endpoint.asked
    few = verify(Synthetic(noise=INT4), baseline=wide(), max_tokens=16)
    assert found_by("pool_gap", few)["outcome"] == "unsupported"


def test_a_baseline_with_hidden_prompts_names_their_pool() -> None:
    assert wide().hidden_sha256 == WIDE.hidden_sha256
    assert WIDE.hidden_sha256 is not None
