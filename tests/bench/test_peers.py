"""The published methods on made-up data: they keep their level, and they see what is plain to see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from tests.bench.peers import honest, margin, met, rut, tracking
from tests.bench.peers.asking import Sample, Size, scorable
from tests.bench.peers.evidence import CALIBRATION, JUDGED, REFERENCE, WITNESSES, Evidence, collect
from tests.bench.peers.evidence import DEPLOYMENTS as LAB_NAMES
from tests.bench.peers.methods import ALPHA
from tests.bench.peers.side_by_side import DEGRADED, holds_level, rows, table
from tests.verifier.toy_server import MODEL, toy
from verifier.lab.deployments import DEPLOYMENTS as LAB
from verifier.lab.serve import Served
from verifier.suites import load

PROMPTS = [f"p{number:03}" for number in range(12)]
LENGTH = 6
WORDS = 8


def rejections(p: Callable[[np.random.Generator], float | None], worlds: int, level: float) -> int:
    found = [p(np.random.default_rng(world)) for world in range(worlds)]
    return sum(value is not None and value <= level for value in found)


def at_most(worlds: int, level: float) -> int:
    """What a test of this level exceeds once in 10,000."""
    return int(binom.isf(1e-4, worlds, level))


def answers(rng: np.random.Generator, many: int, *, tilt: float = 0.0) -> dict[str, list[list[int]]]:
    """`tilt` moves probability to the first word."""
    weights = np.full(WORDS, (1 - tilt) / WORDS)
    weights[0] += tilt
    return {one: rng.choice(WORDS, (many, LENGTH), p=weights).tolist() for one in PROMPTS}


def scores(rng: np.random.Generator, many: int, *, shift: float = 0.0) -> dict[str, list[float]]:
    return {one: rng.normal(shift, 1.0, many).tolist() for one in PROMPTS}


def met_p(tilt: float) -> Callable[[np.random.Generator], float | None]:
    def p(rng: np.random.Generator) -> float | None:
        ours, theirs = answers(rng, 12), answers(rng, 10, tilt=tilt)
        return met.p_value(ours, theirs, tokens=180, length=3, rng=rng, permutations=99)

    return p


def rut_p(shift: float, tokens: int) -> Callable[[np.random.Generator], float | None]:
    def p(rng: np.random.Generator) -> float | None:
        return rut.p_value(scores(rng, 9), scores(rng, 3, shift=shift), tokens=tokens, length=4, rng=rng)

    return p


def test_met_keeps_its_level_and_sees_a_word_too_often() -> None:
    assert rejections(met_p(0.0), 200, 0.05) <= at_most(200, 0.05)
    assert rejections(met_p(0.6), 20, ALPHA) >= 18


def test_rut_keeps_its_level_with_one_answer_to_each_prompt_and_with_several() -> None:
    assert rejections(rut_p(0.0, 40), 200, 0.05) <= at_most(200, 0.05)
    assert rejections(rut_p(0.0, 140), 200, 0.05) <= at_most(200, 0.05)


def test_rut_sees_answers_that_the_reference_likes_less() -> None:
    assert rejections(rut_p(-2.0, 48), 20, ALPHA) >= 18


@pytest.mark.parametrize(
    ("tokens", "bought"),
    [(29, None), (30, (1, 10)), (100, (3, 11)), (360, (12, 10)), (900, (12, 25)), (901, None)],
)
def test_met_buys_ten_answers_to_as_many_prompts_as_it_can(
    tokens: int, bought: tuple[int, int] | None
) -> None:
    assert met.design(tokens, length=3, prompts=12, answers=25) == bought


def test_rut_buys_whole_answers_and_no_more_than_there_are() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = scores(rng, 9), scores(rng, 3)

    assert rut.p_value(ours, theirs, tokens=7, length=4, rng=rng) is None
    assert rut.p_value(ours, theirs, tokens=8, length=4, rng=rng) is not None
    assert rut.p_value(ours, theirs, tokens=12 * 3 * 4, length=4, rng=rng) is not None
    assert rut.p_value(ours, theirs, tokens=12 * 3 * 4 + 4, length=4, rng=rng) is None
    assert rut.score([]) == 0.0
    assert rut.score([1.0, 2.0]) == 1.5


def test_tokens_after_white_space_at_the_end_of_a_prefix_are_not_scored() -> None:
    assert scorable(["A", ":", "\n\n", "B", "c"]) == [True, True, True, False, True]
    assert scorable([]) == []


def test_the_mean_margin_is_of_the_first_tokens_of_each_text() -> None:
    margins = {"a": [0.5, 1.0, 1.0], "b": [0.5, 1.0]}
    rng = np.random.default_rng(1)

    assert margin.mean_margin(margins, tokens=2, per_text=1, rng=rng) == 0.5
    assert margin.mean_margin(margins, tokens=3, per_text=1, rng=rng) is None
    assert margin.mean_margin(margins, tokens=5, per_text=3, rng=rng) == 0.8


def test_a_missing_log_probability_is_the_smallest_of_its_list() -> None:
    ours, theirs = {"a": -1.0, "b": -2.0, "c": -3.0}, {"a": -1.5, "d": -2.5, "e": -9.0}

    assert tracking.difference(ours, theirs, 2) == pytest.approx((0.5 + 0.5 + 0.5) / 3)
    assert tracking.difference(ours, ours, 3) == 0.0


def test_tracking_draws_among_the_prompts_of_both_sides() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = {"p": {"a": -1.0}, "q": {"a": -1.0}}, {"p": {"a": -2.0}, "r": {"a": -1.0}}

    apart = tracking.differences(ours, theirs, 5)

    assert apart == [1.0]
    assert tracking.mean_difference(apart, tokens=1, rng=rng) == 1.0
    assert tracking.mean_difference(apart, tokens=2, rng=rng) is None


def test_the_published_tracking_accuses_whatever_answers_otherwise_always() -> None:
    rng = np.random.default_rng(1)
    ours = [{"a": -1.0, "b": -2.0}] * 20
    assert tracking.permutation_p(ours, ours[:5], rng) == 1.0
    assert tracking.permutation_p(ours, [{"a": -1.001, "b": -2.0}] * 5, rng) <= ALPHA


def test_the_published_tracking_keeps_its_level_where_answers_vary() -> None:
    def p(rng: np.random.Generator) -> float:
        noisy = [{one: float(rng.normal(-2.0, 0.1)) for one in "abc"} for _ in range(20)]
        return tracking.permutation_p(noisy[:12], noisy[12:], rng, 99)

    assert rejections(p, 200, 0.05) <= at_most(200, 0.05)


def test_what_a_method_detects_beyond_its_level_does_not_count() -> None:
    assert holds_level(0, 100)
    assert holds_level(3, 100)
    assert not holds_level(10, 100)


def test_a_threshold_is_what_honest_draws_exceed_as_rarely_as_said() -> None:
    rng = np.random.default_rng(1)
    limit = honest.threshold([0.0, 0.0], lambda mean, draw: float(draw.normal(mean)), 0.01, rng, 5000)

    assert limit == pytest.approx(2.33, abs=0.15)
    assert honest.threshold([0.0], lambda mean, draw: None, 0.01, rng, 5) is None


def made_up() -> Evidence:
    """A lab of which Q8_0 is exactly as honest as f32, and INT4 far off."""
    rng = np.random.default_rng(7)

    def sampled(many: int, off: bool) -> dict[str, list[Sample]]:
        words = answers(rng, many, tilt=0.5 if off else 0.0)
        return {
            one: [[(str(word), float(rng.normal(-2.0 * off)), 1 + word) for word in words] for words in of]
            for one, of in words.items()
        }

    def lists(apart: float) -> dict[str, dict[str, float]]:
        return {
            one: {word: -number + rng.normal(0, apart) for number, word in enumerate("abcdef")}
            for one in PROMPTS
        }

    def margins(share: float) -> dict[str, list[float]]:
        return {one: (0.1 * (rng.random(LENGTH) < share)).tolist() for one in PROMPTS}

    far = {name: name == "int4-g64" for name in (*CALIBRATION, *JUDGED, *WITNESSES)}
    shown = {REFERENCE: lists(0.0), **{name: lists(1.0 if off else 0.01) for name, off in far.items()}}
    samples = {REFERENCE: sampled(20, False), **{name: sampled(12, far[name]) for name in JUDGED}}
    return Evidence(
        size=Size(length=LENGTH, references=20),
        scored=samples,
        several=samples,
        margins={name: margins(0.9 if off else 0.05) for name, off in far.items()},
        lists=shown,
        repeats={name: {one: [shown[name][one]] * 20 for one in PROMPTS} for name in (REFERENCE, *JUDGED)},
    )


async def test_what_was_asked_is_kept_and_the_reference_scores_what_it_did_not_say(tmp_path: Path) -> None:
    size = Size(
        prompts=3,
        length=4,
        references=3,
        few=1,
        several=2,
        many=2,
        greedy=3,
        greedy_length=5,
        lists=3,
        repeated=1,
        repeats=2,
    )
    suite = load("core")
    with ExitStack() as stack:
        toys = {name: stack.enter_context(toy(noise=2.0 * (name in DEGRADED))) for name in LAB_NAMES}
        lab = {name: Served(LAB[name], one.base_url, pid=0, model=MODEL) for name, one in toys.items()}
        found = await collect(lab, suite, tmp_path, size)
        asked = sum(len(one.bodies) for one in toys.values())

        assert await collect(lab, suite, tmp_path, size) == found
        assert sum(len(one.bodies) for one in toys.values()) == asked

    first = suite.prompts[0].id
    assert [len(answers) for answers in found.scored[REFERENCE].values()] == [3, 3, 3]
    assert [len(answers) for answers in found.several["f32"].values()] == [2, 2]
    for (said, own, _), (scored, theirs, _) in zip(
        found.several["f32"][first][0], found.scored["f32"][first][0], strict=True
    ):
        assert said == scored
        assert own == pytest.approx(theirs)
    assert [*found.margins["f32"].values()] == [[0.0] * 5] * 3
    assert sum(map(sum, found.margins["q8_0"].values())) > 0
    assert found.lists["cal-slots"] == found.lists[REFERENCE] != found.lists["q8_0"]


def test_the_rows_are_those_of_the_error_budget() -> None:
    found = rows(made_up(), draws=4)

    every = [*CALIBRATION, *JUDGED, *WITNESSES]
    tracked = "Log-probability tracking"
    assert [row["deployment"] for row in found] == [*JUDGED] * 4 + every
    assert [row["method"] for row in found[:12:3]] == ["MET", "RUT", "Margin", f"{tracked}, as published"]
    assert {row["method"] for row in found[12:]} == {tracked}
    by_name: dict[str, list[dict[str, Any]]] = {
        name: [row for row in found if row["deployment"] == name] for name in JUDGED
    }
    assert DEGRADED == ("int4-g64", "q8_0")
    published = {row["deployment"]: row for row in found if row["method"] == f"{tracked}, as published"}
    assert [rate["detected"] for rate in published["f32"]["rates"] if rate["tokens"] >= 3] == [4, 4, 4, 4]
    assert published["int4-g64"]["tokens_for_90"] is None, "it accuses honest ones just as often"
    others = [row for row in by_name["int4-g64"] if row is not published["int4-g64"]]
    assert all(row["tokens_for_90"] is not None for row in others)
    for name in ("f32", "q8_0"):
        assert all(
            row["tokens_for_90"] is None for row in by_name[name][:2]
        )  # tests with a level of their own
    for row in found:
        tokens = [rate["tokens"] for rate in row["rates"]]
        assert tokens == sorted(tokens)
        assert row["most_tokens_tried"] == tokens[-1]
        assert all(0 <= rate["detected"] <= rate["runs"] == 4 for rate in row["rates"])
    assert table(found).row_count == len(found)
