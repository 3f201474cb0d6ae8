"""How far apart two lists put the log-probability of the tokens they share."""

from __future__ import annotations

import math
from collections.abc import Mapping


def rms_dlogp(q: Mapping[bytes, float], p: Mapping[bytes, float]) -> float | None:
    """Root mean square of log q(v) - log p(v), in nats, over the tokens v of both; None if there is none."""
    differences = [q[token] - p[token] for token in q if token in p]
    if not differences:
        return None
    return math.sqrt(math.fsum(d * d for d in differences) / len(differences))
