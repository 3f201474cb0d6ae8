from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import DETERMINISTIC, unit
from verifier.stats import alternatives
from verifier.stats.decision import STRAY_SHARE, TAIL_SHARE, WEIGHTS, Decision
from verifier.stats.e_process import BET_FRACTIONS_BELOW, EProcess

Scores = NDArray[np.floating[Any]]
DELTA, C, ALPHA = 0.006, 0.027, 0.01
HONEST_RUNS = 120


def decision(**changes: float | bool | None) -> Decision:
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
    # Later evidence may turn "faithful" into an accusation, and sharpen that; never the other way.
    assert seen == [word for word in ("faithful", "deviating", "different-model") if word in seen]
    assert subject.n == len(scores)
    now = subject.e_values()
    assert all(value >= 1.0 for name, value in now.items() if name != "accusation_now")
    assert 0.0 < now["accusation_now"] <= now["accusation"]


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


LISTED = [0.4, 0.2, 0.15, 0.1, 0.05]
OUTCOMES = [alternatives.factors(LISTED, place) for place in (*range(len(LISTED)), None)]
"""The e-factors of a draw, by what was drawn."""


def test_the_averaged_accusation_keeps_its_level_when_stopped_at_will() -> None:
    """All four nulls at their very edge, fed in turn, looked at after every observation."""
    rng = np.random.default_rng(6)
    p = alternatives.outcomes(LISTED)
    runs, accused = 200, 0
    for _ in range(runs):
        subject = decision(may_be_faithful=False)
        for _ in range(40):
            subject.update(float(rng.random() < 0.2) * 5 * DELTA)
            subject.update_choice(bool(rng.random() < STRAY_SHARE))
            subject.update_sampling(OUTCOMES[int(rng.choice(len(p), p=p))])
            subject.update_window(float(rng.random() < 0.1) * 10 * DELTA)
            subject.update_written(float(rng.random() < 0.1) * 10 * DELTA)
            if subject.accused:
                accused += 1
                break
    assert accused / runs <= ALPHA + 3 * math.sqrt(ALPHA / runs)


def test_the_weights_are_an_average() -> None:
    assert math.fsum(WEIGHTS.values()) == pytest.approx(1.0)
    subject = decision()
    subject.update(0.1)
    subject.update_choice(True)
    subject.update_sampling(OUTCOMES[-1])
    subject.update_window(0.2)
    subject.update_written(0.3)
    assert subject.sampling is not None
    parts = {
        "distribution": subject.distribution.value,
        "choice": subject.choice.value,
        "sampling": subject.sampling.value,
        "window": subject.window.value,
        "written": subject.written.value,
    }
    average = math.fsum(WEIGHTS[name] * value for name, value in parts.items())
    assert subject.e_values()["accusation_now"] == pytest.approx(average)
    assert subject.e_value == pytest.approx(max(1.0, average))
    assert subject.leading() == max(WEIGHTS, key=lambda name: WEIGHTS[name] * parts[name])


def fed(subject: Decision, kind: str) -> Decision:
    """Evidence of one kind until it accuses, beside honest evidence of the others."""
    for step in range(300):
        if subject.accused:
            break
        subject.update(0.2 if kind == "distribution" else 0.0)
        subject.update_choice(kind == "choice" and step % 3 == 0)
        subject.update_sampling(
            OUTCOMES[0 if kind == "sampling" else (0, 1, 0, 2, 5, 1, 3, 0, 4, 2)[step % 10]]
        )
        subject.update_window(0.2 if kind == "window" else 0.0)
        subject.update_written(0.2 if kind == "written" else 0.0)
    return subject


@pytest.mark.parametrize("kind", WEIGHTS)
def test_each_kind_of_evidence_can_accuse_alone_and_is_named(kind: str) -> None:
    subject = fed(decision(may_be_faithful=False), kind)
    assert (subject.verdict, subject.leading()) == ("deviating", kind)
    assert subject.e_value == subject.accusation >= 1 / ALPHA
    assert subject.e_values()[kind] >= 1 / ALPHA
    assert subject.of_the_weights == ("deviating" if kind == "distribution" else None)


@pytest.mark.parametrize("kind", WEIGHTS)
def test_among_many_endpoints_an_accusation_takes_more(kind: str) -> None:
    alone, among = (fed(decision(may_be_faithful=False, accuse_at=at), kind) for at in (None, 6000.0))
    assert alone.e_value >= 1 / ALPHA
    assert among.verdict == "deviating"
    assert among.e_value >= 6000
    assert among.n > alone.n
    lower = fed(decision(may_be_faithful=False, accuse_at=2.0), kind)
    assert (lower.n, lower.e_value) == (alone.n, alone.e_value), "never less than 1/alpha"


def test_an_accusation_of_another_kind_replaces_faithful_and_never_the_reverse() -> None:
    subject = decide(np.zeros(300), decision())
    assert (subject.verdict, subject.of_the_weights) == ("faithful", "faithful")
    while subject.verdict == "faithful":
        subject.update_window(0.3)
    assert (subject.verdict, subject.leading()) == ("deviating", "window")
    assert subject.of_the_weights == "faithful", "the lists were those of the official weights all along"
    for _ in range(400):
        subject.update(0.0)
        subject.update_window(0.0)
    assert subject.verdict == "deviating"


def test_later_lists_that_deviate_replace_faithful_too() -> None:
    subject = decide(np.zeros(300), decision())
    for _ in range(200):
        subject.update(0.5)
    assert (subject.verdict, subject.of_the_weights) == ("deviating", "deviating")


@pytest.mark.parametrize("kind", ["window", "written"])
def test_long_prompts_and_written_tokens_have_a_band_of_their_own(kind: str) -> None:
    wide, narrow = decision(**{f"{kind}_delta": 0.1}), decision()
    for subject in (wide, narrow):
        for _ in range(200):
            getattr(subject, f"update_{kind}")(0.05)
    assert (wide.verdict, narrow.verdict) == (None, "deviating")


def test_without_any_evidence_nothing_leads_and_nothing_is_said() -> None:
    subject = decision()
    assert (subject.verdict, subject.of_the_weights, subject.accused, subject.settled) == (
        None,
        None,
        False,
        False,
    )
    assert set(subject.e_values().values()) == {1.0}
    assert subject.sampling is None
