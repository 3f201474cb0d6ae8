from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.small_world import HONEST, INT4, found_by, judged, session, verify, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks import raw_text
from verifier.checks.base import Observation, Outcome, Probe, Purpose


def test_another_template_is_told_from_other_weights() -> None:
    """As many tokens, other text before the weights: only raw text tells."""
    result = judged(other_template=True)
    finding = found_by("raw_text", result)
    assert (result["verdict"], result["cause"]["name"]) == ("deviating", "wrong template")
    assert found_by("prompt_tokens", result)["outcome"] == "pass"
    assert finding["outcome"] == "warn"
    assert finding["estimate"] == finding["details"]["deviation"] < finding["details"]["chat_deviation"]
    assert result["cause"]["support"] > 0.9
    assert result["declaration"]["measured"] is None, "nothing was quantized"


def test_a_hidden_prompt_is_past_raw_text_too() -> None:
    result = judged(hidden_prompt=True)
    assert found_by("raw_text", result)["outcome"] == "warn"
    assert result["cause"]["name"] == "hidden prompt", "the count comes first"
    uncounted = judged(hidden_prompt=True, usage=False)
    assert uncounted["cause"]["name"] == "wrong template"


def test_other_weights_deviate_as_raw_text_as_well() -> None:
    finding = found_by("raw_text", judged(noise=INT4))
    assert finding["outcome"] == "pass"
    assert "explains" not in finding["details"]
    assert finding["estimate"] > finding["details"]["delta"]


@pytest.mark.parametrize(
    "habit", [{}, {"text_noise": INT4}, {"temperature": 0.5}], ids=["honest", "spoofed", "colder"]
)
def test_raw_text_is_asked_for_only_where_lists_deviate(habit: dict[str, float]) -> None:
    """Lists within the honest band need no explanation, least of all a wrong template."""
    endpoint = Synthetic(noise=HONEST, stack="x", **habit)  # type: ignore[arg-type]
    finding = found_by("raw_text", verify(endpoint, baseline=wide()))
    assert finding["outcome"] == "unsupported"
    assert not [probe for probe in endpoint.asked if probe.api == "completions"]


def test_a_dozen_short_requests_booked_as_diagnosis() -> None:
    endpoint = Synthetic(noise=INT4, stack="x")
    verify(endpoint, baseline=wide())
    raw = [probe for probe in endpoint.asked if probe.api == "completions"]
    assert 0 < len(raw) <= raw_text.PROMPTS
    assert {probe.purpose for probe in raw} == {Purpose.DIAGNOSIS}
    assert {probe.body["max_tokens"] for probe in raw} == {1}
    assert all(probe.body["prompt"] == wide().raw[probe.key.partition("/")[0]] for probe in raw)


class ChatOnly(Synthetic):
    def ask(self, probe: Probe) -> Observation:
        if probe.api == "completions":
            self.asked.append(probe)
            return self._failed(probe, self.fault)
        return super().ask(probe)


def test_without_completions_lists_or_raw_prompts_nothing_is_said() -> None:
    for finding in (
        found_by("raw_text", verify(ChatOnly(noise=INT4, stack="x"), baseline=wide())),
        found_by("raw_text", judged(noise=INT4, logprobs=False)),
        found_by("raw_text", judged(noise=INT4, lists_at_most=1)),
        found_by("raw_text", verify(Synthetic(noise=INT4), baseline=replace(wide(), raw={}))),
    ):
        assert finding["outcome"] == "unsupported"
        assert "explains" not in finding["details"]
    assert converse(raw_text.run(session(wide())), Synthetic()).outcome is Outcome.UNSUPPORTED
