"""Whether the hidden prompts of a baseline are at hand: they lie in no repository and may be forgotten."""

from __future__ import annotations

from verifier.baseline.model import Baseline
from verifier.suites import Suite


def missing_pool(baseline: Baseline, suite: Suite) -> str | None:
    """What is wrong in one sentence when `suite` is without the pool that `baseline` asks from; else None."""
    if baseline.hidden_sha256 is None or baseline.hidden_sha256 == suite.hidden_sha256:
        return None
    other = "" if suite.hidden_sha256 is None else f", this is the one of {suite.hidden_sha256[:12]}…"
    return (
        f"the baseline was recorded with the hidden pool of sha256 {baseline.hidden_sha256[:12]}…{other}; "
        "give that pool (--hidden FILE)"
    )
