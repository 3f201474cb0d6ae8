from __future__ import annotations

from dataclasses import replace

from tests.verifier.small_world import (
    HONEST,
    INT4,
    LONG,
    LONG_WORDS,
    WIDE,
    found_by,
    judged,
    session,
    verify,
    wide,
)
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks import context_window
from verifier.checks.base import Outcome
from verifier.checks.session import Session
from verifier.verification import Settings

CUT = 100
"""Words that a cutting host reads."""


def long_requests(endpoint: Synthetic) -> int:
    return sum(probe.key.startswith("l") and "/" in probe.key for probe in endpoint.asked)


def test_an_honest_endpoint_reads_long_prompts_and_few_are_asked() -> None:
    endpoint = Synthetic(noise=HONEST, stack="x")
    result = verify(endpoint, baseline=wide())
    finding = found_by("context_window", result)
    assert finding["outcome"] == "pass"
    assert 0 < finding["n"] == long_requests(endpoint) < LONG
    assert all(seen == expected > LONG_WORDS for seen, expected in finding["details"]["prompt_tokens"])
    assert finding["estimate"] <= finding["details"]["delta"]


def test_a_prompt_cut_at_its_beginning_is_found_and_named() -> None:
    result = judged(window=CUT)
    finding = found_by("context_window", result)
    assert (result["verdict"], finding["outcome"]) == ("deviating", "fail")
    assert result["cause"]["name"] == "truncated context"
    assert f"it counts {CUT} prompt tokens" in result["sentence"]
    assert result["e_values"]["window"] > 100 > result["e_values"]["distribution"]
    assert result["fidelity"]["low"] > 99, "short prompts are answered by the official weights"
    assert result["declaration"]["measured"] is None


class Miscounting(Synthetic):
    """Cuts, and counts what it was sent."""

    def prompt_tokens(self, prompt: str) -> int:
        return LONG_WORDS + 5


class Shrinking(Synthetic):
    """Reads all of it, and says that it did not."""

    def prompt_tokens(self, prompt: str) -> int:
        return min(CUT, super().prompt_tokens(prompt))


def test_a_cut_that_the_count_does_not_admit_shows_in_the_answers() -> None:
    result = verify(Miscounting(noise=HONEST, stack="x", window=CUT), baseline=wide(), decide_only=True)
    finding = found_by("context_window", result)
    assert (result["verdict"], finding["outcome"]) == ("deviating", "fail")
    # The counts of all the short prompts differ too here, and the contract comes first.
    assert finding["details"]["explains"]["name"] == "truncated context"
    assert "it counts" not in finding["cause"]


def test_a_count_alone_is_a_finding_and_no_accusation() -> None:
    result = verify(Shrinking(noise=HONEST, stack="x"), baseline=wide(), decide_only=True)
    finding = found_by("context_window", result)
    assert result["verdict"] in ("faithful", "inconclusive")
    assert finding["outcome"] == "fail"
    assert f"counts {CUT} prompt tokens of a long prompt that has" in finding["cause"]


def test_counts_or_no_counts_long_prompts_decide_for_text_alone_too() -> None:
    for usage in (True, False):
        honest = judged(logprobs=False, usage=usage)
        assert found_by("context_window", honest)["outcome"] in ("pass", "unsupported", "inconclusive")
        assert honest["verdict"] in ("faithful", "inconclusive")
    cut = found_by("context_window", judged(logprobs=False, window=CUT))
    assert cut["outcome"] == "fail"
    assert "explains" in cut["details"]


def test_long_prompts_are_not_asked_once_short_ones_deviate() -> None:
    endpoint = Synthetic(noise=INT4, stack="x")
    finding = found_by("context_window", verify(endpoint, baseline=wide()))
    assert finding["outcome"] == "unsupported"
    assert "shorter prompts deviate already" in finding["cause"]
    assert long_requests(endpoint) == 0


def test_a_baseline_without_long_prompts_asks_none() -> None:
    assert found_by("context_window", verify(Synthetic(noise=HONEST)))["outcome"] == "unsupported"
    empty: Session = session(wide())
    finding = converse(context_window.run(empty), Synthetic())
    assert finding.outcome is Outcome.UNSUPPORTED


def test_an_endpoint_that_refuses_long_prompts_is_not_accused_of_cutting_them() -> None:
    class Short(Synthetic):
        def ask(self, probe):  # type: ignore[no-untyped-def]
            if probe.key.startswith("l"):
                self.asked.append(probe)
                return replace(super()._failed(probe, self.fault))
            return super().ask(probe)

    result = verify(Short(noise=HONEST, stack="x"), Settings(decide_only=True), baseline=wide())
    assert found_by("context_window", result)["outcome"] == "unsupported"
    assert result["verdict"] in ("faithful", "inconclusive")
    assert {prompt.id[0] for prompt in WIDE.prompts} == {"p", "h", "l"}
