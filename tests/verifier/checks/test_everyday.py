from __future__ import annotations

import numpy as np

from verifier.checks import everyday
from verifier.checks.base import Answer
from verifier.checks.everyday import part_early, written


def test_the_same_draw_gives_every_check_the_same_questions() -> None:
    first = everyday.chosen(np.random.default_rng(3), 3)
    assert first == everyday.chosen(np.random.default_rng(3), 3)
    assert everyday.chosen(np.random.default_rng(3), 2) == first[:2], "fewer are a part of more"
    assert len({tuple(everyday.chosen(np.random.default_rng(seed), 3)) for seed in range(9)}) > 3
    assert sorted(everyday.chosen(np.random.default_rng(0), 99)) == list(range(len(everyday.QUESTIONS)))


def test_a_probe_is_greedy_unless_something_else_is_asked() -> None:
    plain = everyday.probe("usage/plain", 1, lists=False)
    assert plain.key == "usage/plain/1"
    assert (plain.body["temperature"], "logprobs" in plain.body) == (0.0, False)
    drawn = everyday.probe("x", 1, lists=True, temperature=1.0, seed=3, asking=1)
    assert (drawn.body["temperature"], drawn.body["seed"], drawn.asking) == (1.0, 3, 1)
    assert drawn.body["top_logprobs"] == everyday.LISTED


def test_answers_part_early_or_late_or_are_one_the_beginning_of_the_other() -> None:
    long = Answer("The lighthouse of the past is a beacon.")
    assert not part_early(long, Answer("The lighthouse of the present shines."))
    assert not part_early(long, Answer(" The light"))
    assert part_early(long, Answer("The keeper of the light went home."))
    assert part_early(long, Answer("")), "silence is no beginning"
    assert not part_early(Answer(""), Answer(""))


def test_thoughts_are_written_too() -> None:
    assert written(Answer("42", reasoning="Six times seven. ")) == "Six times seven. 42"
