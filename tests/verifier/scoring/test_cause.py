from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.small_world import INT4, judged
from verifier.checks.base import Finding, Outcome
from verifier.checks.registry import discover
from verifier.scoring import policy
from verifier.scoring.cause import Cause, cause_of


def finding(check: str, name: str | None = None, support: float | None = 0.9) -> Finding:
    """What `check` found, with the cause that it names."""
    explains = name and {"name": name, "support": support, "evidence": f"{check} says {name}."}
    details: dict[str, Any] = {"explains": explains} if explains else {}
    return Finding(check, "1", Outcome.FAIL, "It was found.", details=details)


def found(*findings: Finding) -> dict[str, Finding]:
    return {one.check: one for one in findings}


EVERY = found(*(finding(check, policy.CAUSES[place]) for place, check in enumerate(policy.EXPLAINING)))
"""Each check that may explain names a cause of its own."""


@pytest.mark.parametrize("place", range(len(policy.EXPLAINING)))
def test_the_first_explanation_in_the_policys_order_is_taken(place: int) -> None:
    later = {check: EVERY[check] for check in policy.EXPLAINING[place:]}
    check, name = policy.EXPLAINING[place], policy.CAUSES[place]
    assert cause_of("deviating", later) == Cause(name, 0.9, f"{check} says {name}.")
    silent = {**later, **found(*(finding(earlier) for earlier in policy.EXPLAINING[:place]))}
    assert cause_of("deviating", silent) == cause_of("deviating", later)


@pytest.mark.parametrize("verdict", ["faithful", "inconclusive", "insufficient-access", "not-measured"])
def test_without_an_accusation_nothing_is_explained(verdict: str) -> None:
    assert cause_of(verdict, EVERY) is None


def test_a_deviation_may_stay_unexplained() -> None:
    assert cause_of("deviating", {}) is None
    assert cause_of("deviating", found(*(finding(check) for check in policy.EXPLAINING))) is None
    assert cause_of("deviating", found(finding("capabilities", "hidden prompt"))) is None, "not its question"


def test_another_model_is_its_own_cause_with_what_the_counts_say() -> None:
    bare = cause_of("different-model", EVERY | found(finding("prompt_tokens")))
    assert bare is not None
    assert (bare.name, bare.support) == ("other model", None)
    counted = cause_of("different-model", EVERY)
    assert counted is not None
    assert counted.name == "other model"
    assert counted.evidence.startswith(bare.evidence)
    assert counted.evidence.endswith(EVERY["prompt_tokens"].details["explains"]["evidence"])


def test_only_checks_explain_and_what_comes_before_the_weights_comes_first() -> None:
    assert set(policy.EXPLAINING) <= {check.name for check, _ in discover()}
    order = policy.EXPLAINING.index
    assert order("prompt_tokens") < order("pool_gap") < order("sampling") < order("nearest_variant")


@pytest.mark.parametrize(
    ("habit", "name"),
    [
        ({"hidden_prompt": True}, "hidden prompt"),
        ({"other_template": True}, "wrong template"),
        ({"window": 100}, "truncated context"),
        ({"text_noise": INT4}, "spoofed logprobs"),
        ({"accepts_from": 0.2}, "lossy speculative decoding"),
        ({"temperature": 0.5}, "temperature override"),
        ({"keeps_top": 5}, "truncated sampling"),
        ({"noise": 1.5, "affected": 0.3}, "partial routing"),
        ({"noise": INT4, "stack": "INT4"}, "weight quantization"),
        ({"noise": INT4, "stack": "cache"}, "kv-cache quantization"),
        ({"other_vocabulary": True}, "other model"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_each_way_to_cheat_has_its_name(habit: dict[str, Any], name: str) -> None:
    cause = judged(**habit)["cause"]
    assert cause["name"] == name in policy.CAUSES
    assert cause["evidence"].endswith(".")
    assert cause["support"] is None or 0 < cause["support"] <= 1
