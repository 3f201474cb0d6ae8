from __future__ import annotations

import numpy as np
import pytest

from verifier.checks.base import Answer, Fault, Observation, Status
from verifier.scoring.speed import first_token


def one(elapsed: float | None, *, tokens: int | None = 1, attempts: int = 1) -> Observation:
    return Observation(
        "k", Status.OK, Answer("x", completion_tokens=tokens), elapsed=elapsed, attempts=attempts
    )


def test_percentiles_in_milliseconds() -> None:
    seconds = [0.1, 0.2, 0.3, 0.4, 1.0]
    speed = first_token([one(x) for x in seconds])
    assert speed is not None
    assert speed["n"] == 5
    assert speed["p50"] == pytest.approx(300)
    assert speed["p95"] == pytest.approx(float(np.percentile(seconds, 95)) * 1000)
    assert {type(value) for value in speed.values()} == {float, int}


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
