from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.decision import TAIL_SHARE, Decision
from verifier.stats.e_process import BET_FRACTIONS_BELOW, EProcess

Scores = NDArray[np.floating[Any]]
DELTA, C, ALPHA = 0.006, 0.027, 0.01
HONEST_RUNS = 120


def decision(**changes: float | bool) -> Decision:
    return Decision(**{"delta": DELTA, "c": C, "alpha": ALPHA, **changes})  # type: ignore[arg-type]


def decide(scores: Scores, subject: Decision) -> Decision:
    for x in scores:
        subject.update(float(x))
        if subject.verdict:
            break
    return subject


def honest(rng: np.random.Generator, mean: float, n: int = 300) -> Scores:
    """Deviations of an honest deployment: mostly tiny, at times large, never above 1."""
    return np.minimum(rng.gamma(0.3, mean / 0.3, n), 1)


def test_an_honest_deployment_is_called_faithful_and_never_accused() -> None:
    """Many runs at two thirds of delta, where the worst calibrated stack lies (delta is 1.5 times it)."""
    rng = np.random.default_rng(1)
    taken = []
    for _ in range(HONEST_RUNS):
        subject = decide(honest(rng, 0.0015), decision())
        assert subject.verdict == "faithful"
        taken.append(subject.n)
        assert decide(honest(rng, DELTA / 1.5), decision()).verdict in (None, "faithful")
    assert 90 <= np.median(taken) <= 170


def test_at_the_edge_of_the_band_each_verdict_is_wrong_at_most_alpha() -> None:
    """With a mean of exactly delta neither word may come up more often than its error rate."""
    rng = np.random.default_rng(2)
    verdicts = []
    for _ in range(HONEST_RUNS):
        scores = (rng.random(250) < 0.2) * (5 * DELTA)
        verdicts.append(decide(scores, decision()).verdict)
    slack = 3 * math.sqrt(ALPHA / HONEST_RUNS)
    assert verdicts.count("deviating") / HONEST_RUNS <= ALPHA + slack
    assert verdicts.count("faithful") / HONEST_RUNS <= ALPHA + slack


@pytest.mark.parametrize(("mean", "within"), [(0.25, 5), (0.06, 17), (C, 60)])
def test_a_degradation_is_found_within_the_tokens_of_the_method(mean: float, within: int) -> None:
    rng = np.random.default_rng(3)
    taken = [
        decide(np.minimum(rng.gamma(1, mean, 300), 1), decision()).n
        for _ in range(60)
    ]  # fmt: skip
    assert np.quantile(taken, 0.9) <= within


def test_a_rare_but_large_deviation_is_not_faithful() -> None:
    """The tail: one prompt in ten wholly different, the others perfect, lies below c on average."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        assert decide((rng.random(300) < 0.1).astype(float), decision()).verdict == "deviating"
    scores = (rng.random(300) < 0.15) * C
    assert decide(scores, decision()).verdict != "faithful"


@DETERMINISTIC
@given(
    scores=st.lists(st.tuples(st.one_of(st.just(0.0), unit), st.booleans()), max_size=150),
    delta=st.floats(0.001, 0.3),
    ratio=st.floats(1.1, 3),
    may=st.booleans(),
)
def test_a_verdict_rests_on_its_own_rejection_and_stays(
    scores: list[tuple[float, bool]], delta: float, ratio: float, may: bool
) -> None:
    subject = decision(delta=delta, c=min(1.0, delta * ratio), may_be_faithful=may)
    seen: list[str] = []
    for x, apart in scores:
        subject.update(x, disjoint=apart)
        if subject.verdict and subject.verdict not in seen:
            seen.append(subject.verdict)
            if subject.verdict == "faithful":
                assert may
                assert min(subject.bulk.peak, subject.tail.peak) == subject.e_value >= 1 / ALPHA
            else:
                assert subject.e_value >= 1 / ALPHA
    # Only "another model" may still sharpen what was said; the two directions never change places.
    assert len([word for word in seen if word != "different-model"]) <= 1
    assert seen[1:] in ([], ["different-model"])
    assert subject.n == len(scores)
    assert all(value >= 1.0 for value in subject.e_values().values())


def test_faithful_and_deviating_have_one_threshold_so_that_a_mean_supports_only_one() -> None:
    """Both nulls meet at delta: below it the bulk's bets win on average, above it the deviation's."""
    for mean in (0.5 * DELTA, 2 * DELTA):
        subject = decision()
        for _ in range(2000):
            subject.distribution.update(mean)
            subject.bulk.update(mean / C)
        assert subject.distribution.rejects(ALPHA) == (mean > DELTA)
        assert subject.bulk.rejects(ALPHA) == (mean < DELTA)


def test_faithful_takes_as_many_prompts_as_its_tail_needs() -> None:
    subject = decide(np.zeros(300), decision())
    tail = EProcess.against_at_least(TAIL_SHARE)
    while not tail.rejects(ALPHA):
        tail.update(0.0)
    assert subject.verdict == "faithful"
    assert subject.n == tail.n
    assert subject.n >= math.log(1 / ALPHA) / math.log1p(max(BET_FRACTIONS_BELOW) * TAIL_SHARE / 0.95)


def test_an_insensitive_suite_never_gives_faithful() -> None:
    assert decide(np.zeros(1000), decision(may_be_faithful=False)).verdict is None


def test_disjoint_lists_in_most_places_are_another_model() -> None:
    subject = decision()
    while subject.verdict != "different-model":
        assert not subject.settled
        subject.update(1.0, disjoint=True)
    assert subject.settled
    assert min(subject.e_value, subject.other_model.peak) >= 1 / ALPHA
    assert subject.n <= 12


def test_half_of_the_lists_disjoint_is_not_yet_another_model() -> None:
    rng = np.random.default_rng(5)
    named = 0
    for _ in range(200):
        subject = decision()
        for apart in rng.random(100) < 0.5:
            subject.update(1.0, disjoint=bool(apart))
        assert subject.verdict in ("deviating", "different-model")
        named += subject.verdict == "different-model"
    assert named / 200 <= ALPHA + 3 * math.sqrt(ALPHA / 200)


def test_one_list_that_meets_settles_a_deviation() -> None:
    subject = decision()
    for _ in range(3):
        subject.update(1.0, disjoint=True)
    assert subject.verdict == "deviating"
    assert not subject.settled
    subject.update(1.0)
    assert subject.settled


@pytest.mark.parametrize(
    "changes",
    [
        {"delta": 0.0}, {"delta": -0.1}, {"delta": C}, {"delta": 0.5}, {"c": 1.1}, {"delta": math.nan},
        {"alpha": 0.0}, {"alpha": 1.0}, {"alpha": 2.0}, {"alpha": math.nan},
    ],
)  # fmt: skip
def test_thresholds_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"delta|alpha"):
        decision(**changes)
