from __future__ import annotations

from dataclasses import replace

from tests.verifier.small_world import SUITE, baseline, session
from tests.verifier.synthetic import SYSTEM_PROMPT_TOKENS, Synthetic, converse
from verifier.baseline.model import Baseline, ContextType
from verifier.checks import prompt_tokens
from verifier.checks.asking import context_probe
from verifier.checks.base import Finding, Observation, Outcome, Probe, Purpose
from verifier.checks.session import Session

FIRST = [context for context in baseline().contexts if context.type is ContextType.FIRST_TOKEN]
PREFIXES = [context for context in baseline().contexts if context.type is ContextType.CHAT_PREFIX]
PROMPTS = {prompt.id: prompt for prompt in SUITE.prompts}


def judged(endpoint: Synthetic, count: int = 20, known: Baseline | None = None) -> Finding:
    """The finding over `count` first tokens and as many prefixes."""
    asking: Session = session(known)
    probes = [
        context_probe(context, PROMPTS[context.prompt_id], None, None, Purpose.DECISION)
        for context in FIRST[:count] + PREFIXES[:count]
    ]
    converse(asking.ask(probes, "asking", 0), endpoint)
    asked = len(endpoint.asked)
    finding = converse(prompt_tokens.run(asking), endpoint)
    assert len(endpoint.asked) == asked, "it costs no request"
    return finding


class Counting(Synthetic):
    """Counts `off(n)` prompt tokens too many at its nth answer."""

    def ask(self, probe: Probe) -> Observation:
        seen = super().ask(probe)
        if seen.answer is None or seen.answer.prompt_tokens is None:
            return seen
        counted = seen.answer.prompt_tokens + self.off(len(self.asked))
        return replace(seen, answer=replace(seen.answer, prompt_tokens=counted))

    def off(self, n: int) -> int:
        return 0


def test_the_same_counts_pass() -> None:
    finding = judged(Synthetic())
    assert finding.outcome is Outcome.PASS
    assert (finding.estimate, finding.n) == (1.0, 20)
    assert finding.low is not None
    assert finding.low < 1.0 == finding.high
    assert finding.details["differences"] == [(0, 20)]


def test_a_hidden_prompt_is_counted_and_named() -> None:
    finding = judged(Synthetic(hidden_prompt=True))
    assert finding.outcome is Outcome.WARN
    assert f"counts {SYSTEM_PROMPT_TOKENS} prompt tokens more" in finding.cause
    assert "hidden system prompt" in finding.cause
    assert finding.estimate == 0.0


class Fewer(Counting):
    def off(self, n: int) -> int:
        return -1


class Varying(Counting):
    def off(self, n: int) -> int:
        return n % 3 - 1


class OneOff(Counting):
    def off(self, n: int) -> int:
        return 5 * (n == 1)


def test_fewer_varying_and_single_differences_are_told_apart() -> None:
    assert "1 prompt token fewer" in judged(Fewer()).cause
    assert "varying amounts" in judged(Varying()).cause
    # One in twenty is no hidden prompt, but it is no pass either.
    assert judged(OneOff()).outcome is Outcome.WARN
    assert "varying amounts" in judged(OneOff()).cause


def test_without_counts_on_either_side_nothing_is_held_against_anybody() -> None:
    uncounted = replace(baseline(), prompt_tokens={})
    for finding in (
        judged(Synthetic(usage=False)),
        judged(Synthetic(), known=uncounted),
        judged(Synthetic(), count=2),
        judged(Synthetic(fails=1.0)),
        judged(Synthetic(), count=0),
    ):
        assert finding.outcome is Outcome.UNSUPPORTED
        assert finding.estimate is None


def test_only_plain_requests_are_compared() -> None:
    """A prefix adds tokens of its own, and each server counts them its way."""
    finding = judged(Synthetic(continues=None))
    assert (finding.outcome, finding.n) == (Outcome.PASS, 20)
