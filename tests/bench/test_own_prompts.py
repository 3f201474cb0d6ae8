from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.own_prompts import HONEST, PROMPTS, REFERENCE, distance, in_order, ranked
from tests.verifier import small_world
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving
from verifier.suites.private import read_private


class Weights:
    """A model file of one tensor."""

    names = ("w",)

    def __init__(self, *values: float) -> None:
        self._values = np.array(values, dtype=np.float32)

    def load(self, name: str) -> Any:
        return self._values


def test_the_prompts_are_sixty_of_a_users_own() -> None:
    assert len(read_private(PROMPTS).prompts) == 60


def test_the_true_distance_is_the_relative_error_of_the_weights() -> None:
    official = Weights(3.0, 4.0)
    assert distance(official, official) == 0.0
    assert distance(official, Weights(3.0, 4.5)) == pytest.approx(0.1)


def test_deployments_are_ranked_by_those_prompts(tmp_path: Path) -> None:
    """Two of them here; real ones in the bench itself."""
    noises = {"near": 0.1, "far": 0.8, REFERENCE: 0.0} | dict.fromkeys(HONEST, small_world.HONEST)
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(serving(Synthetic(noise=noise, stack=name))).url
            for name, noise in noises.items()
        }
        found = ranked(urls, "toy", tmp_path)
    assert found.keys() == {"near", "far"}
    assert in_order(found, noises)
    assert not in_order(found, {"near": 0.8, "far": 0.1})
