from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, NAMED, SUITE, baseline
from tests.verifier.synthetic import Synthetic
from verifier.baseline.model import ContextType
from verifier.evidence.codec import probe_from_json, probe_to_json
from verifier.verification import Settings, verification


def scored(endpoint: Synthetic, **settings: Any) -> dict[str, Any]:
    """A run beside a live reference; probes for the one never reach the other."""
    reference = Synthetic()
    chosen = Settings(live_reference=True, **settings)
    dialogue = verification(baseline(), SUITE, chosen, endpoint=NAMED)
    step = next(dialogue)
    while True:
        answers = []
        for probe in step.probes:
            assert probe_from_json(probe_to_json(probe)) == probe
            answers.append((reference if probe.of_reference else endpoint).ask(probe))
        try:
            step = dialogue.send(answers)
        except StopIteration as stop:
            result: dict[str, Any] = stop.value
            break
    assert result["requests"] == len(endpoint.asked)
    assert result["reference_requests"] == len(reference.asked)
    return result


@pytest.mark.parametrize(
    ("noise", "verdict"), [(HONEST, "faithful"), (INT8, "deviating"), (INT4, "deviating")]
)
def test_a_live_reference_scores_what_the_endpoint_wrote(noise: float, verdict: str) -> None:
    result = scored(Synthetic(continues=None, noise=noise, stack="x"))
    assert result["verdict"] == verdict
    assert result["evidence_level"] == "distributions"
    assert result["context_types"] == ["first_token", "scored"]
    assert result["reference_requests"] > result["requests"]
    assert result["contexts"] > result["prompts"]


def test_the_reference_is_asked_nothing_where_it_is_not_needed() -> None:
    assert scored(Synthetic(noise=HONEST, stack="x"))["reference_requests"] == 0
    text = scored(Synthetic(continues=None, noise=HONEST, stack="x", logprobs=False))
    assert text["reference_requests"] == 0
    assert text["context_types"] == [str(ContextType.FIRST_TOKEN), str(ContextType.GREEDY)]


def test_the_budget_is_the_endpoints_alone() -> None:
    result = scored(Synthetic(continues=None, noise=HONEST, stack="x"), max_tokens=200, decide_only=True)
    assert result["completion_tokens"] <= 200
    assert result["stopped_because"] == "budget"
