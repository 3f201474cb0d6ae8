from __future__ import annotations

import numpy as np
import pytest

from verifier.stats.decision import Decision
from verifier.stats.power import DEVIATIONS, ENOUGH, Replay, replay_rung, smallest_shown

DELTA, C = 0.006, 0.027


def replayed(scores: list[list[float]], *, budget: int = 200, seed: int = 0) -> Replay:
    return replay_rung(
        scores, delta=DELTA, c=C, alpha=0.01, budget=budget, rng=np.random.default_rng(seed), orders=40
    )


def test_a_rung_that_is_far_from_honest_is_found_every_time_within_few_prompts() -> None:
    replay = replayed([[0.2, 0.3]] * 100)
    assert replay.able
    assert replay.detected == 1.0
    assert replay.called_faithful == 0.0
    assert replay.prompts is not None
    assert replay.prompts <= 5
    assert replay.orders == 40


def test_contexts_that_do_not_see_the_rung_are_not_able() -> None:
    replay = replayed([[0.0]] * 200)
    assert not replay.able
    assert replay.called_faithful == 1.0
    assert replay.prompts is None


def test_a_budget_too_small_for_the_rung_is_not_able() -> None:
    scores = [[0.04, 0.0]] * 200
    assert replayed(scores, budget=200).able
    assert not replayed(scores, budget=3).able
    assert replayed(scores, budget=0) == Replay(0.0, 0.0, None, 40)


def test_few_informative_prompts_among_many_certain_ones_do_not_suffice() -> None:
    assert not replayed([[0.5]] * 3 + [[0.0]] * 300).able


def test_prompts_without_an_answer_are_left_out() -> None:
    assert replayed([[], [0.3], []] * 50) == replayed([[0.3]] * 50)
    assert replayed([]) == Replay(0.0, 0.0, None, 40)


def test_the_same_seed_gives_the_same_answer() -> None:
    scores = [[float(x)] for x in np.random.default_rng(1).beta(0.3, 10, 200)]
    assert replayed(scores, seed=5) == replayed(scores, seed=5)


@pytest.mark.parametrize(
    ("detected", "called_faithful", "able"), [(ENOUGH, 0, True), (0.89, 0, False), (1, 0.025, False)]
)
def test_able_means_found_nearly_always_and_never_missed(
    detected: float, called_faithful: float, able: bool
) -> None:
    assert Replay(detected, called_faithful, 10, 40).able is able


def test_more_prompts_show_smaller_deviations() -> None:
    shown = [
        smallest_shown(n, delta=0.012, c=0.048, alpha=0.01, rng=np.random.default_rng(0))
        for n in (10, 40, 160)
    ]
    known = [found for found in shown if found is not None]
    assert len(known) == 3
    assert known == sorted(known, reverse=True)
    assert set(known) <= set(DEVIATIONS)
    assert smallest_shown(1, delta=0.012, c=0.048, alpha=0.01, rng=np.random.default_rng(0)) is None


def test_what_it_says_can_be_seen_is_seen_in_fresh_draws() -> None:
    shown = smallest_shown(40, delta=0.012, c=0.048, alpha=0.01, rng=np.random.default_rng(0))
    assert shown is not None
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(100):
        decision = Decision(delta=0.012, c=0.048, alpha=0.01)
        for value in rng.standard_exponential(40):
            decision.update(min(1.0, shown * float(value)))
        found += decision.verdict == "deviating"
    assert found >= 80
