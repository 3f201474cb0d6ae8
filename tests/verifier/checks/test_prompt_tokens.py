from __future__ import annotations

from dataclasses import replace

from tests.verifier.small_world import HONEST, SUITE, baseline, found_by, judged, session, verify, wide
from tests.verifier.synthetic import SYSTEM_PROMPT_TOKENS, Synthetic, converse
from verifier.baseline.model import Baseline, ContextType
from verifier.checks import prompt_tokens
from verifier.checks.asking import context_probe
from verifier.checks.base import Finding, Observation, Outcome, Probe, Purpose
from verifier.checks.session import Session

FIRST = [context for context in baseline().contexts if context.type is ContextType.FIRST_TOKEN]
PREFIXES = [context for context in baseline().contexts if context.type is ContextType.CHAT_PREFIX]
PROMPTS = {prompt.id: prompt for prompt in SUITE.prompts}


def judged_with(endpoint: Synthetic, count: int = 20, known: Baseline | None = None) -> Finding:
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
    finding = judged_with(Synthetic())
    assert finding.outcome is Outcome.PASS
    assert (finding.estimate, finding.n) == (1.0, 20)
    assert finding.low is not None
    assert finding.low < 1.0 == finding.high
    assert finding.details["differences"] == [(0, 20)]


def test_a_hidden_prompt_is_counted_and_named() -> None:
    finding = judged_with(Synthetic(hidden_prompt=True))
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
    assert "1 prompt token fewer" in judged_with(Fewer()).cause
    assert "varying amounts" in judged_with(Varying()).cause
    # One in twenty is no hidden prompt, but it is no pass either.
    assert judged_with(OneOff()).outcome is Outcome.WARN
    assert "varying amounts" in judged_with(OneOff()).cause


def test_without_counts_on_either_side_nothing_is_held_against_anybody() -> None:
    uncounted = replace(baseline(), prompt_tokens={})
    for finding in (
        judged_with(Synthetic(usage=False)),
        judged_with(Synthetic(), known=uncounted),
        judged_with(Synthetic(), count=2),
        judged_with(Synthetic(fails=1.0)),
        judged_with(Synthetic(), count=0),
    ):
        assert finding.outcome is Outcome.UNSUPPORTED
        assert finding.estimate is None


def test_only_plain_requests_are_compared() -> None:
    """A prefix adds tokens of its own, and each server counts them its way."""
    finding = judged_with(Synthetic(continues=None))
    assert (finding.outcome, finding.n) == (Outcome.PASS, 20)


class Joining(Counting):
    """A hidden prompt that joins a system message here and comes instead of one there."""

    def off(self, n: int) -> int:
        return 13 + n % 4


def test_a_hidden_prompt_may_take_a_few_tokens_more_here_than_there() -> None:
    finding = judged_with(Joining())
    assert finding.details["explains"]["name"] == "hidden prompt"
    assert finding.details["explains"]["support"] == 1.0


def test_a_stray_difference_explains_nothing() -> None:
    for endpoint, explains in ((OneOff(), None), (Fewer(), "wrong template"), (Varying(), "wrong template")):
        details = judged_with(endpoint).details
        assert (details.get("explains") or {"name": None})["name"] == explains


def test_draws_and_whole_answers_are_counted_like_first_tokens() -> None:
    """Whatever plain request showed a prompt, it tells how many tokens that has."""
    for habits in ({}, {"continues": None}, {"logprobs": False}):
        endpoint = Synthetic(noise=HONEST, stack="x", hidden_prompt=True, **habits)
        finding = found_by("prompt_tokens", verify(endpoint, decide_only=True))
        plain = {
            probe.key.partition("/")[0]
            for probe in endpoint.asked
            if probe.key.startswith("p") and probe.body["messages"][-1]["role"] == "user"
        }
        assert finding["n"] == len(plain) > 3
        assert finding["details"]["most_common"] == SYSTEM_PROMPT_TOKENS


def test_long_prompts_are_left_to_the_check_of_the_window() -> None:
    finding = found_by("prompt_tokens", judged(window=100))
    assert (finding["outcome"], finding["details"]["most_common"]) == ("pass", 0)
    assert any(wide().is_long(prompt_id) for prompt_id in wide().prompt_tokens)
