"""How fast the endpoint answered the run's own requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from verifier.checks.base import Observation


def first_token(observations: Iterable[Observation]) -> dict[str, Any] | None:
    """Time to the first token in milliseconds: p50 and p95 over `n` answers; None without any.

    Taken from one-token answers, whose whole exchange is the time to the first token, network included.
    """
    seconds = [
        observation.elapsed
        for observation in observations
        if observation.answer is not None
        and observation.answer.completion_tokens == 1
        and observation.attempts == 1
        and observation.elapsed is not None
    ]
    if not seconds:
        return None
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "n": len(seconds)}
