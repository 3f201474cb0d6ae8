from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, KNOWN, found_by, judged, session, verify, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Role
from verifier.checks import nearest_variant
from verifier.checks.base import Outcome

VARIANTS = {name: known for name, known in KNOWN.items() if known[1] is not Role.HONEST}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_known_variant_is_recognised_by_its_errors(name: str) -> None:
    """Not by their size: the variant beside the ladder strays as far as INT4 does."""
    endpoint, _, quantization, cause = VARIANTS[name]
    result = judged(noise=endpoint.noise, stack=endpoint.stack)
    finding = found_by("nearest_variant", result)
    assert (result["verdict"], finding["outcome"]) == ("deviating", "fail")
    assert result["fingerprint"]["variant"] == name
    assert result["fingerprint"]["support"] >= nearest_variant.SUPPORT
    assert result["cause"]["name"] == cause
    assert result["declaration"]["measured"] == quantization
    assert finding["details"]["nearest"]["label"] == name
    assert finding["estimate"] == finding["details"]["distance"] < finding["details"]["deviation"]


def test_a_variant_on_another_engine_is_recognised_too() -> None:
    """Its honest noise comes on top of the quantizer's error."""

    class Elsewhere(Synthetic):
        def next_token(self, prompt, written, noise=None):  # type: ignore[no-untyped-def]
            exact = super().next_token(prompt, written, noise)
            stray = Synthetic(noise=HONEST, stack="engine-x").next_token(prompt, written)
            shifted = exact + stray - Synthetic().next_token(prompt, written)
            return shifted - np.log(np.exp(shifted).sum())

    result = verify(Elsewhere(noise=INT4, stack="cache"), baseline=wide())
    assert result["fingerprint"]["variant"] == "cache"


@pytest.mark.parametrize("noise", [INT8, INT4, 2.0])
def test_errors_of_its_own_are_none_of_the_known_ones(noise: float) -> None:
    """However near on the ladder."""
    result = judged(noise=noise)
    finding = found_by("nearest_variant", result)
    assert result["verdict"] == "deviating"
    assert (finding["outcome"], result["fingerprint"]) == ("pass", None)
    assert "explains" not in finding["details"]
    assert f"None of {len(VARIANTS)} known variants" in finding["cause"]


@pytest.mark.parametrize("noise", [INT8, INT4])
def test_the_place_on_the_ladder_has_bounds(noise: float) -> None:
    ladder = judged(noise=noise)["ladder"]
    nearest = {INT8: "INT8", INT4: "INT4"}[noise]
    assert ladder["nearest"]["name"] == ladder["low"] == ladder["high"] == nearest
    assert ladder["support"] > 0.9


@pytest.mark.parametrize("habit", [{}, {"logprobs": False}])
def test_where_nothing_deviates_nothing_is_matched(habit: dict[str, bool]) -> None:
    result = judged(**habit)
    assert found_by("nearest_variant", result)["outcome"] == "unsupported"
    assert result["fingerprint"] is None


def test_text_alone_has_a_ladder_and_a_fingerprint_of_the_choices_that_turned() -> None:
    result = judged(noise=INT4, stack="INT4", logprobs=False)
    assert result["verdict"] == "deviating"
    assert result["fingerprint"]["variant"] == "INT4"
    assert "% of the near-ties apart" in found_by("nearest_variant", result)["cause"]
    other = judged(noise=INT4, stack="another quantizer", logprobs=False)
    assert other["fingerprint"] is None
    assert other["ladder"]["nearest"]["name"] == "INT4"


def test_it_costs_no_request_and_takes_variants_and_prompts() -> None:
    asking = session(wide())
    endpoint = Synthetic()
    assert converse(nearest_variant.run(asking), endpoint).outcome is Outcome.UNSUPPORTED
    assert not endpoint.asked
    honest = replace(wide(), stacks=wide().of_role(Role.HONEST))
    without = verify(Synthetic(noise=INT4, stack="INT4"), baseline=honest)
    assert found_by("nearest_variant", without)["outcome"] == "unsupported"
    assert without["fingerprint"] is None


def test_a_baseline_read_anew_names_the_same() -> None:
    """The lists that are kept with a baseline change nothing."""
    endpoint = Synthetic(noise=INT4, stack="cache")
    warm = judged(noise=INT4, stack="cache")
    assert verify(endpoint, baseline=replace(wide())) == warm
