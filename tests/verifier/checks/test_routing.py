from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, found_by, judged, session, verify, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Role
from verifier.checks import routing
from verifier.checks.base import Outcome


@pytest.mark.parametrize("affected", [0.3, 0.15])
def test_a_share_of_requests_to_other_weights_is_found(affected: float) -> None:
    result = judged(noise=1.5, affected=affected)
    finding = found_by("routing", result)
    assert (result["verdict"], finding["outcome"]) == ("deviating", "fail")
    assert result["cause"]["name"] == "partial routing"
    assert finding["low"] <= 1 - affected <= finding["high"] + 0.1
    assert finding["low"] > finding["details"]["expected"]
    assert result["declaration"]["measured"] is None


@pytest.mark.parametrize("noise", [INT8, INT4, 2.0])
def test_one_set_of_weights_is_not_a_mixture(noise: float) -> None:
    finding = found_by("routing", judged(noise=noise))
    assert finding["outcome"] in ("pass", "unsupported")
    assert "explains" not in finding["details"]


@pytest.mark.parametrize("noise", [0.5 * INT8, 0.75 * INT8])
def test_what_chance_leaves_close_is_no_mixture(noise: float) -> None:
    """Weights that are finer than every recorded degradation leave some contexts as close as honest ones."""
    for number in range(6):
        finding = found_by("routing", verify(Synthetic(noise=noise, stack=f"host {number}"), baseline=wide()))
        assert finding["outcome"] in ("pass", "unsupported"), finding["details"]


@pytest.mark.parametrize("habit", [{}, {"temperature": 0.5}, {"text_noise": INT4}, {"window": 100}])
def test_lists_that_do_not_deviate_are_not_a_mixture(habit: dict[str, float]) -> None:
    result = judged(**habit)
    assert found_by("routing", result)["outcome"] == "unsupported"
    assert (result["cause"] or {"name": ""})["name"] != "partial routing"


def test_it_costs_no_request_and_takes_honest_stacks_and_enough_contexts() -> None:
    asking = session(wide())
    endpoint = Synthetic()
    assert converse(routing.run(asking), endpoint).outcome is Outcome.UNSUPPORTED
    assert not endpoint.asked
    rungs = replace(wide(), stacks=wide().of_role(Role.RUNG))
    honestless = verify(Synthetic(noise=1.5, affected=0.3), baseline=rungs)
    assert found_by("routing", honestless)["outcome"] == "unsupported"
    few = verify(Synthetic(noise=INT4, stack="x"), baseline=wide(), decide_only=True)
    assert found_by("routing", few)["outcome"] == "unsupported"


def test_without_known_degradations_nothing_is_expected_and_nothing_said() -> None:
    honest = replace(wide(), stacks=wide().of_role(Role.HONEST))
    result = verify(Synthetic(noise=1.5, stack="x", affected=0.3), baseline=honest)
    assert result["verdict"] == "deviating"
    assert "explains" not in found_by("routing", result)["details"]


def test_what_was_computed_from_the_baseline_is_kept_with_it() -> None:
    known = replace(wide())
    first = verify(Synthetic(noise=1.5, stack="x", affected=0.3), baseline=known)
    assert known.memo["routing"]
    again = verify(Synthetic(noise=1.5, stack="x", affected=0.3), baseline=known)
    assert found_by("routing", again) == found_by("routing", first)
    assert first["honest_band"] == judged(noise=1.5, affected=0.3)["honest_band"]
    assert HONEST < INT8
