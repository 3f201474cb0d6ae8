from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.verifier.talker import REFERENCE, Talker, about, judge, recorded_from
from verifier.checks.base import Answer, Fault, Observation, Outcome, Probe
from verifier.checks.long_context import DEPTHS, LENGTHS, VARIANTS, finds, managed
from verifier.suites.needles import Needle

NAME = "long_context"


def test_what_is_hidden_anywhere_in_the_longest_prompt_is_found() -> None:
    endpoint = Talker(stack="other")
    finding = judge(NAME, endpoint, session=about(recorded_from(REFERENCE, NAME)))
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 6)
    assert len(endpoint.asked) == 6
    assert finding.details["effective"] == finding.details["longest"] > 2000


def test_a_prompt_that_is_cut_silently_fails_and_its_window_is_found() -> None:
    for window in (300, 800, 1400):
        finding = judge(NAME, Talker(window=window))
        assert finding.outcome is Outcome.FAIL
        assert "the prompt is cut" in finding.cause
        effective = finding.details["effective"]
        assert effective - 10 <= window
        assert effective == 0 or window < 1.5 * effective


def test_it_fails_as_well_where_the_count_hides_the_cut() -> None:
    finding = judge(NAME, Talker(window=800, counts_all=True))
    assert finding.outcome is Outcome.FAIL
    assert finding.details["cut"] == []
    assert finding.details["lost"]["own"][0] == 0


def test_a_refusal_is_an_honest_answer() -> None:
    finding = judge(NAME, Talker(refuses_above=1200))
    assert finding.outcome is Outcome.WARN
    assert "refuses prompts" in finding.cause
    assert 600 < finding.details["effective"] <= 1210


def test_a_model_that_is_weak_with_long_prompts_is_not_held_against_its_host() -> None:
    weak = Talker(window=800)
    known = recorded_from(weak, NAME)
    finding = judge(NAME, Talker(window=800, stack="other"), session=about(known))
    assert finding.outcome is Outcome.PASS
    assert finding.details["longest"] < 810
    assert judge(NAME, REFERENCE, reference=Talker(window=50)).outcome is Outcome.UNSUPPORTED


def test_engines_that_miss_now_and_then_never_fail() -> None:
    known = recorded_from(REFERENCE, NAME)
    for stack in range(10):
        finding = judge(NAME, Talker(flips=0.1, stack=f"x{stack}"), session=about(known))
        assert finding.outcome in (Outcome.PASS, Outcome.WARN)


def test_false_counts_alone_are_another_checks_matter() -> None:
    class Counting(Talker):
        def ask(self, probe: Probe) -> Observation:
            seen = super().ask(probe)
            return replace(seen, answer=replace(seen.answer, prompt_tokens=7)) if seen.answer else seen

    assert judge(NAME, Counting()).outcome is Outcome.PASS


def test_without_answers_it_says_nothing() -> None:
    assert judge(NAME, Talker(fault=Fault.TIMEOUT)).outcome is Outcome.FAULTY
    assert judge(NAME, Talker(only_reasoning=True)).outcome is Outcome.INCONCLUSIVE
    assert judge(NAME, Talker(), session=about(recorded_from(REFERENCE))).outcome is Outcome.UNSUPPORTED


def recording(missed: Callable[[Needle], bool]) -> dict[str, dict[str, bool]]:
    """What a reference recorded that finds all but what is `missed`."""
    every = [Needle(length, depth, v) for length in LENGTHS[:5] for depth in DEPTHS for v in range(VARIANTS)]
    return {needle.id: {"found": not missed(needle)} for needle in every}


def test_the_reference_manages_lengths_without_a_gap() -> None:
    known = recording(lambda needle: (needle.length, needle.depth) == (LENGTHS[2], 50))
    assert managed(known, 10**6) == list(LENGTHS[:2])
    assert managed(known, 600) == [LENGTHS[0]]
    assert managed({}, 10**6) == []


def test_one_miss_of_the_reference_is_no_limit_and_is_not_asked() -> None:
    """So the lab's real model: 29 of 30 found up to 2,048 tokens, one of the shortest not."""
    recorded = recorded_from(REFERENCE, NAME)
    known = dict(recorded.behaviour[NAME]["needles"])
    for missed in (Needle(LENGTHS[0], 1, 0), Needle(LENGTHS[6], 99, 1)):
        known[missed.id] = known[missed.id] | {"found": False}
    assert managed(known, LENGTHS[6]) == list(LENGTHS[:7])
    baseline = replace(recorded, behaviour={NAME: {"needles": known}})
    endpoint = Talker(stack="other")
    assert judge(NAME, endpoint, session=about(baseline)).outcome is Outcome.PASS
    assert len(endpoint.asked) == 5
    found = judge(NAME, Talker(window=800), session=about(baseline))
    assert found.outcome is Outcome.FAIL
    assert "the prompt is cut" in found.cause


def test_what_is_found() -> None:
    needle = Needle(512, 1, 0)
    assert finds(needle, Answer(f"It is {needle.code}.")) is True
    assert finds(needle, Answer(f"1{needle.code}")) is False
    assert finds(needle, Answer("")) is None
    assert finds(needle, None) is None
