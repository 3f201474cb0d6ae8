"""What a check may ask of the reference while a baseline is recorded."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from verifier.checks.base import Ask, Observation
from verifier.contracts import Contract
from verifier.suites import Suite

Recording = Generator[Ask, Sequence[Observation], Mapping[str, Any]]
"""Asks the reference; returns JSON-ready values, kept as `baseline.behaviour[check name]`."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """What a recording may rely on: the suite, the model's contract, and the baseline's seed."""

    suite: Suite
    contract: Contract
    seed: int

    def rng(self, check: str) -> np.random.Generator:
        """A generator of its own for each check."""
        return np.random.default_rng([self.seed, *check.encode()])
