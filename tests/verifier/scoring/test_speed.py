from __future__ import annotations

import numpy as np
import pytest

from verifier.checks.base import Answer, Fault, Observation, Status, Streamed
from verifier.scoring.speed import first_token, speed


def one(elapsed: float | None, *, tokens: int | None = 1, attempts: int = 1) -> Observation:
    return Observation(
        "k", Status.OK, Answer("x", completion_tokens=tokens), elapsed=elapsed, attempts=attempts
    )


def test_percentiles_in_milliseconds() -> None:
    seconds = [0.1, 0.2, 0.3, 0.4, 1.0]
    found = first_token([one(x) for x in seconds])
    assert found is not None
    assert found["n"] == 5
    assert found["p50"] == pytest.approx(300)
    assert found["p95"] == pytest.approx(float(np.percentile(seconds, 95)) * 1000)
    assert {type(value) for value in found.values()} == {float, int}


def test_only_undisturbed_one_token_answers_are_timed() -> None:
    others = [
        one(9.0, tokens=2),
        one(9.0, tokens=None),
        one(9.0, attempts=2),
        one(None),
        Observation("k", Status.FAULTY, fault=Fault.TIMEOUT, elapsed=9.0),
    ]
    assert first_token(others) is None
    assert first_token([*others, one(0.5)]) == {"p50": 500.0, "p95": 500.0, "n": 1}
    assert first_token([]) is None


def streamed(first: float, last: float, tokens: int, prompt: int = 10) -> Observation:
    pieces = Streamed(events=tokens + 2, pieces=tokens, done=True, usage=True, first=first, last=last)
    answer = Answer("x", prompt_tokens=prompt, completion_tokens=tokens, streamed=pieces)
    return Observation("k", Status.OK, answer, elapsed=last + 0.1)


def test_streamed_answers_tell_the_time_between_tokens_and_the_speed() -> None:
    found = speed([streamed(0.5, 2.5, 21), streamed(0.7, 1.7, 11)])
    assert found["first_token_ms"]["n"] == 2
    assert found["first_token_ms"]["p50"] == pytest.approx(600)
    assert found["inter_token_ms"] == {"p50": pytest.approx(100), "p95": pytest.approx(100), "n": 2}
    rates = [21 / 2.6, 11 / 1.8]
    assert found["tokens_per_second"]["p50"] == pytest.approx(np.median(rates))
    # The slow end of a speed is its low end.
    assert found["tokens_per_second"]["p95"] == pytest.approx(np.percentile(rates, 5))


def test_too_few_pieces_tell_nothing_of_the_time_between_tokens() -> None:
    short = streamed(0.5, 0.6, 3)
    burst = Observation(
        "k",
        Status.OK,
        Answer("x", completion_tokens=40, streamed=Streamed(3, 1, True, True, 0.5, 0.5)),
        elapsed=0.6,
    )
    found = speed([short, burst])
    assert found["inter_token_ms"] is None
    assert found["tokens_per_second"]["n"] == 1


def test_the_first_token_by_the_length_of_the_prompt() -> None:
    classes = speed([streamed(0.1, 1, 9, 50), streamed(0.3, 1, 9, 100), streamed(2.0, 3, 9, 40_000)])
    assert [
        (one["from"], one["below"], one["first_token_ms"]["n"]) for one in classes["by_prompt_length"]
    ] == [
        (0, 100, 1),
        (100, 1000, 1),
        (10_000, None, 1),
    ]
    assert classes["by_prompt_length"][-1]["first_token_ms"]["p50"] == pytest.approx(2000)


def test_success_counts_refusals_as_answers_and_leaves_our_own_failures_out() -> None:
    seen = [
        *(one(0.1) for _ in range(8)),
        Observation("k", Status.UNSUPPORTED, fault=Fault.REJECTED),
        Observation("k", Status.FAULTY, fault=Fault.SERVER_ERROR, attempts=4),
        Observation("k", Status.ERROR, fault=Fault.BUDGET, attempts=0),
        Observation("k", Status.ERROR, fault=Fault.INTERNAL),
    ]
    success = speed(seen)["success"]
    assert (success["value"], success["n"]) == (0.9, 10)
    assert success["low"] < 0.9 < success["high"]
    assert speed([])["success"] is None
