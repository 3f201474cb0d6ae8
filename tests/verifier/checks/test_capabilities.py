from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from tests.verifier.small_world import HONEST, baseline, session
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Baseline, PrefixStyle
from verifier.checks import capabilities
from verifier.checks.base import Fault, Finding, Observation, Outcome, Probe, Purpose
from verifier.checks.capabilities import MAX_TOKENS
from verifier.checks.session import Capabilities


def probed(
    endpoint: Synthetic, known: Baseline | None = None, **settings: Any
) -> tuple[Finding, Capabilities]:
    asking = session(known, **settings)
    finding = converse(capabilities.run(asking), endpoint)
    return finding, asking.capabilities


def test_an_open_endpoint_shows_twenty_tokens_and_continues() -> None:
    finding, found = probed(Synthetic(stack="x", noise=0.01))
    assert found == Capabilities(True, 20, PrefixStyle.PLAIN, found.note, whole_sampling=True)
    assert finding.outcome is Outcome.PASS
    assert finding.estimate == 20
    assert "20 most likely next tokens, taken before sampling; it continues a pinned answer" in finding.cause
    assert finding.details["completion_tokens"] <= MAX_TOKENS


@pytest.mark.parametrize(
    ("endpoint", "k", "outcome"),
    [
        (Synthetic(lists_at_most=5), 5, Outcome.PASS),
        (Synthetic(lists_at_most=2), 2, Outcome.PASS),
        (Synthetic(refuses_above=5), 5, Outcome.PASS),
        (Synthetic(lists_at_most=1), 0, Outcome.UNSUPPORTED),
        (Synthetic(refuses_above=0), 0, Outcome.UNSUPPORTED),
        (Synthetic(logprobs=False), 0, Outcome.UNSUPPORTED),
        (Synthetic(after_temperature=True), 0, Outcome.UNSUPPORTED),
    ],
    ids=["five", "two", "refuses-20", "one", "refuses-all", "gives-none", "one-hot"],
)
def test_what_is_withheld_is_unsupported_and_never_a_failure(
    endpoint: Synthetic, k: int, outcome: Outcome
) -> None:
    finding, found = probed(endpoint)
    assert (found.k, found.reachable, finding.outcome) == (k, True, outcome)
    assert finding.cause[0].isupper()
    assert finding.cause.endswith(".")


def test_a_baseline_of_shorter_lists_bounds_k() -> None:
    assert probed(Synthetic(), replace(baseline(), k=7))[1].k == 7


class Tempered(Synthetic):
    """Returns probabilities after temperature and only the likeliest few of them."""

    def complete(self, body: Any) -> Any:
        answer = super().complete(body)
        if answer.positions and body["temperature"] > 0:
            flat = tuple(
                replace(p, top=tuple(replace(t, logprob=t.logprob / 8 - 2) for t in p.top))
                for p in answer.positions
            )
            return replace(answer, positions=flat)
        return answer


def test_lists_that_change_with_the_temperature_are_not_used() -> None:
    finding, found = probed(Tempered())
    assert found.k == 0
    assert "change with the temperature" in finding.cause
    assert finding.details["lists_compared"] == 2


@pytest.mark.parametrize("style", PrefixStyle)
def test_the_endpoints_own_way_of_continuing_is_found(style: PrefixStyle) -> None:
    _, found = probed(Synthetic(lists_at_most=5, continues=style))
    tried = list(PrefixStyle)
    # Ten tokens do not reach the last of four styles after the lists have taken theirs.
    assert found.prefix_style is style or style is tried[-1]
    assert (
        probed(Synthetic(continues=style), replace(baseline(), prefix_style=style))[1].prefix_style is style
    )


@pytest.mark.parametrize(
    "how", [{"echoes": False}, {"echoes": True}, {"trims": True}, {"echoes": False, "trims": True}]
)
def test_echoing_and_trimming_do_not_hide_that_an_answer_is_continued(how: dict[str, bool]) -> None:
    assert probed(Synthetic(**how))[1].prefix_style is PrefixStyle.PLAIN  # type: ignore[arg-type]


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_damaged_weights_continue_all_the_same(noise: float) -> None:
    for stack in "abcd":
        assert probed(Synthetic(noise=noise, stack=stack))[1].prefix_style is PrefixStyle.PLAIN


def test_an_answer_begun_anew_is_noticed() -> None:
    finding, found = probed(Synthetic(continues=None))
    assert found.prefix_style is None
    assert found.k == 20
    assert "does not continue a pinned answer" in finding.cause


def test_without_a_style_or_places_in_the_baseline_none_is_tried() -> None:
    for known in (replace(baseline(), prefix_style=None), replace(baseline(), prefix_probes=())):
        endpoint = Synthetic()
        assert probed(endpoint, known)[1].prefix_style is None
        assert all(probe.body["messages"][-1]["role"] == "user" for probe in endpoint.asked)


def test_asked_for_text_alone_no_logprobs_are_requested() -> None:
    endpoint = Synthetic()
    finding, found = probed(endpoint, no_logprobs=True)
    assert found.k == 0
    assert not any(probe.body.get("logprobs") for probe in endpoint.asked)
    assert "not asked for" in finding.cause


@pytest.mark.parametrize(
    ("fault", "outcome", "requests"),
    [
        (Fault.UNREACHABLE, Outcome.FAULTY, 1),
        (Fault.TIMEOUT, Outcome.FAULTY, 1),
        (Fault.SERVER_ERROR, Outcome.FAULTY, 2),
        (Fault.TOO_LARGE, Outcome.FAULTY, 1),
        (Fault.MALFORMED, Outcome.FAULTY, 2),
        (Fault.REJECTED, Outcome.UNSUPPORTED, 3),
        (Fault.UNAUTHORISED, Outcome.UNSUPPORTED, 1),
        (Fault.EGRESS_REFUSED, Outcome.ERROR, 1),
        (Fault.INTERNAL, Outcome.ERROR, 1),
    ],
)
def test_an_endpoint_that_answers_nothing_is_left_in_peace_with_whose_failure_it_is(
    fault: Fault, outcome: Outcome, requests: int
) -> None:
    endpoint = Synthetic(fails=1.0, fault=fault)
    finding, found = probed(endpoint)
    assert not found.reachable
    assert finding.outcome is outcome
    assert finding.cause == f"The toy says {fault}."
    assert len(endpoint.asked) == requests


class BrokenLists(Synthetic):
    def ask(self, probe: Probe) -> Observation:
        if probe.body.get("logprobs"):
            return Observation(
                probe.key, Fault.MALFORMED.status, fault=Fault.MALFORMED, detail="A logprob is 3."
            )
        return super().ask(probe)


def test_broken_logprobs_leave_the_text() -> None:
    finding, found = probed(BrokenLists())
    assert (found.reachable, found.k, found.prefix_style) == (True, 0, PrefixStyle.PLAIN)
    assert "answers brokenly to requests for logprobs" in finding.cause


options = st.fixed_dictionaries(
    {},
    optional={
        "noise": st.sampled_from([0.01, 0.5]),
        "other_vocabulary": st.booleans(),
        "hidden_prompt": st.booleans(),
        "logprobs": st.booleans(),
        "lists_at_most": st.integers(0, 30),
        "refuses": st.sampled_from([frozenset({"top_k"}), frozenset({"seed"}), frozenset({"temperature"})]),
        "refuses_above": st.integers(0, 30),
        "after_temperature": st.booleans(),
        "omits_entries": st.booleans(),
        "repeats_tokens": st.booleans(),
        "usage": st.booleans(),
        "continues": st.none() | st.sampled_from(PrefixStyle),
        "echoes": st.booleans(),
        "trims": st.booleans(),
        "silent": st.booleans(),
        "fails": st.sampled_from([0.2, 0.5, 1.0]),
        "fault": st.sampled_from(Fault),
        "dies_after": st.integers(0, 10),
    },
)


@DETERMINISTIC
@given(options, st.sampled_from(PrefixStyle), st.booleans())
def test_it_never_takes_more_than_ten_tokens_nor_fails(
    chosen: dict[str, Any], style: PrefixStyle, no_logprobs: bool
) -> None:
    endpoint = Synthetic(**chosen)
    finding, found = probed(endpoint, replace(baseline(), prefix_style=style), no_logprobs=no_logprobs)
    spent = sum(
        1
        for probe in endpoint.asked
        if Synthetic(**{**chosen, "dies_after": None}).ask(probe).answer is not None
    )
    assert spent <= MAX_TOKENS
    assert finding.details["completion_tokens"] <= MAX_TOKENS
    assert {probe.purpose for probe in endpoint.asked} <= {Purpose.CAPABILITY}
    assert {probe.body["max_tokens"] for probe in endpoint.asked} <= {1}
    assert 0 <= found.k <= 20
    assert found.k != 1
    assert finding.outcome not in (Outcome.FAIL, Outcome.WARN)


@pytest.mark.parametrize("extra", [3, 500])
def test_a_server_that_sends_more_than_asked_is_not_asked_on_and_on(extra: int) -> None:
    endpoint = Synthetic(extra_tokens=extra)
    probed(endpoint)
    assert len(endpoint.asked) <= MAX_TOKENS


@pytest.mark.parametrize("logprobs", [True, False])
@pytest.mark.parametrize("refused", ["top_k", "min_p"])
def test_an_endpoint_that_takes_no_word_against_a_cut_tail_keeps_its_lists(
    refused: str, logprobs: bool
) -> None:
    """The warm request is repeated in OpenAI's words alone, and its lists are compared all the same."""
    endpoint = Synthetic(noise=HONEST, stack="x", refuses=frozenset({refused}), logprobs=logprobs)
    finding, found = probed(endpoint)
    assert not found.whole_sampling
    assert finding.details["whole_sampling"] is False
    assert (found.reachable, found.k) == (True, 20 if logprobs else 0)
    assert found.prefix_style is PrefixStyle.PLAIN
    if logprobs:
        warm = [probe.body for probe in endpoint.asked if probe.body["temperature"] == 1.0]
        assert [refused in body for body in warm] == [True, False]


@pytest.mark.parametrize("how", [{}, {"logprobs": False}, {"lists_at_most": 1}, {"refuses_above": 0}])
def test_who_takes_them_is_drawn_from_the_whole_distribution(how: dict[str, Any]) -> None:
    finding, found = probed(Synthetic(**how))
    assert found.whole_sampling is finding.details["whole_sampling"] is True


def test_lists_that_are_not_used_leave_draws_to_be_held_against_the_official_ones() -> None:
    for endpoint in (Tempered(), Synthetic(after_temperature=True)):
        _, found = probed(endpoint)
        assert (found.k, found.whole_sampling) == (0, True)
    _, found = probed(Tempered(refuses=frozenset({"top_k"})))
    assert (found.k, found.whole_sampling) == (0, False)


class RefusingAllDraws(Synthetic):
    def ask(self, probe: Probe) -> Observation:
        if probe.body["temperature"] != 0:
            self.asked.append(probe)
            return self._failed(probe, Fault.REJECTED)
        return super().ask(probe)


def test_an_endpoint_that_answers_only_at_temperature_0_is_judged_by_its_text() -> None:
    """Whether its lists are taken before sampling cannot be told then."""
    _, found = probed(RefusingAllDraws())
    assert (found.reachable, found.k, found.whole_sampling) == (True, 0, False)
