"""How fast and how reliably the endpoint answered the run's own requests.

A flag at most, never part of a verdict: speed says nothing of the weights. Times hold the way over the
network from the machine that measured. Answers that took more than one attempt are left out of the times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from verifier.checks.base import Observation, Status
from verifier.stats.intervals import wilson

LENGTHS = (100, 1000, 10_000)
"""Prompt tokens that the classes of length end at; the last class has no end."""
PIECES = 8
"""Tokens of an answer from which the time between two of them is told."""


def speed(observations: Iterable[Observation]) -> dict[str, Any]:
    """Every number as `{"p50", "p95", "n"}`, None without any answer to take it from.

    `first_token_ms` to the first token; `inter_token_ms` between two tokens of a streamed answer;
    `tokens_per_second` from the request to the end of answers of some length, where p95 is what 95 % of the
    answers reach. `by_prompt_length` has the time to the first token by prompt tokens. `success` is the share
    of requests answered in the end, with a Wilson 95 % interval; refusals are answers.
    """
    seen = list(observations)
    timed = [one for one in seen if one.answer is not None and one.attempts == 1 and one.elapsed is not None]
    between = [found for one in timed if (found := _between(one)) is not None]
    rates = [found for one in timed if (found := _rate(one)) is not None]
    return {
        "first_token_ms": first_token(timed),
        "inter_token_ms": _summary(between, 1000),
        "tokens_per_second": _summary(rates, 1, slow_end=5),
        "by_prompt_length": _by_length(timed),
        "success": _success(seen),
    }


def first_token(observations: Iterable[Observation]) -> dict[str, Any] | None:
    """Time to the first token in milliseconds: p50 and p95 over `n` answers; None without any.

    Taken from streamed answers, and from one-token answers, whose whole exchange is that time.
    """
    return _summary([found for one in observations if (found := _first(one)) is not None], 1000)


def _first(one: Observation) -> float | None:
    answer = one.answer
    if answer is None or one.attempts != 1:
        return None
    if answer.streamed is not None:
        return answer.streamed.first
    return one.elapsed if answer.completion_tokens == 1 else None


def _between(one: Observation) -> float | None:
    """Seconds between two tokens: pieces may hold several, so the tokens are counted by the usage."""
    answer = one.answer
    if answer is None or answer.streamed is None or (answer.completion_tokens or 0) < PIECES:
        return None
    first, last = answer.streamed.first, answer.streamed.last
    if first is None or last is None or answer.streamed.pieces < 2 or last <= first:
        return None
    return (last - first) / ((answer.completion_tokens or 0) - 1)


def _rate(one: Observation) -> float | None:
    tokens = 0 if one.answer is None else one.answer.completion_tokens or 0
    return tokens / one.elapsed if tokens >= PIECES and one.elapsed else None


def _by_length(timed: Sequence[Observation]) -> list[dict[str, Any]]:
    classes = []
    for least, most in zip((0, *LENGTHS), (*LENGTHS, None), strict=True):
        inside = [
            one
            for one in timed
            if one.answer is not None
            and one.answer.prompt_tokens is not None
            and least <= one.answer.prompt_tokens
            and (most is None or one.answer.prompt_tokens < most)
        ]
        found = first_token(inside)
        if found is not None:
            classes.append({"from": least, "below": most, "first_token_ms": found})
    return classes


def _success(seen: Sequence[Observation]) -> dict[str, Any] | None:
    asked = [one for one in seen if one.attempts and one.status is not Status.ERROR]
    share = wilson(sum(one.status is not Status.FAULTY for one in asked), len(asked))
    if share is None:
        return None
    return {"value": share.value, "low": share.low, "high": share.high, "n": share.n}


def _summary(values: Sequence[float], factor: float, slow_end: float = 95) -> dict[str, Any] | None:
    if not values:
        return None
    p50, p95 = np.percentile(np.array(values) * factor, [50, slow_end])
    return {"p50": float(p50), "p95": float(p95), "n": len(values)}
