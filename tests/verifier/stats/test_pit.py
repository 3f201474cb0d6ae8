from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, kstwobign

from tests.strategies import DETERMINISTIC, unit
from verifier.stats.pit import kolmogorov_distance, pit

masses = st.lists(st.floats(0, 1), min_size=1, max_size=6)


class Fixed:
    """A generator that always says the same."""

    def __init__(self, u: float) -> None:
        self._u = u

    def random(self) -> float:
        """The fixed draw."""
        return self._u


def at(u: float, probabilities: list[float], chosen: int | None, rest: float) -> float:
    return pit(probabilities, chosen, rest, Fixed(u))  # type: ignore[arg-type]


@DETERMINISTIC
@given(masses, st.floats(0, 1), unit)
def test_the_outcomes_cut_the_unit_interval_into_their_probabilities(
    listed: list[float], rest: float, u: float
) -> None:
    """Brute force: ranked by probability, ties by position, the rest last; u picks a point of each piece."""
    total = sum(listed) + rest
    if total < 1e-9:
        return
    before = 0.0
    for index in sorted(range(len(listed)), key=lambda i: (-listed[i], i)):
        assert at(u, listed, index, rest) == pytest.approx((before + u * listed[index]) / total, abs=1e-9)
        before += listed[index]
    assert at(u, listed, None, rest) == pytest.approx((before + u * rest) / total, abs=1e-9)


def sampled(rng: np.random.Generator, n: int, temperature: float = 1.0) -> list[float]:
    """Values of tokens sampled at a temperature, under lists of five of eight tokens at temperature 1."""
    values = []
    for _ in range(n):
        logits = -np.sort(-rng.normal(0, 2, 8))
        stated, true = np.exp(logits), np.exp(logits / temperature)
        stated, true = stated / stated.sum(), true / true.sum()
        token = int(rng.choice(8, p=true))
        rest = float(stated[5:].sum())
        values.append(pit(stated[:5].tolist(), token if token < 5 else None, rest, rng))
    return values


def test_it_is_uniform_for_tokens_from_the_stated_distribution() -> None:
    """Second source: scipy's test of uniformity; its p-value must not be small."""
    values = sampled(np.random.default_rng(1), 4000)
    assert kstest(values, "uniform").pvalue > 0.01
    assert kolmogorov_distance(values) < 1.63 / math.sqrt(4000)


@pytest.mark.parametrize(("temperature", "sign"), [(0.5, -1), (2.0, 1)])
def test_another_temperature_pushes_it_to_one_side(temperature: float, sign: int) -> None:
    values = sampled(np.random.default_rng(2), 1000, temperature)
    assert kolmogorov_distance(values) > 0.1
    assert sign * (np.mean(values) - 0.5) > 0.05


@DETERMINISTIC
@given(st.lists(unit, min_size=1, max_size=50))
def test_the_distance_is_scipys(values: list[float]) -> None:
    assert kolmogorov_distance(values) == pytest.approx(kstest(values, "uniform").statistic, abs=1e-12)


def test_the_distance_of_uniform_values_has_kolmogorovs_distribution() -> None:
    rng = np.random.default_rng(3)
    distances = [kolmogorov_distance(rng.random(400).tolist()) * 20 for _ in range(2000)]
    for level in (0.5, 0.9, 0.99):
        share = np.mean(np.array(distances) <= kstwobign.ppf(level))
        assert share == pytest.approx(level, abs=0.035)


def test_what_is_no_distribution_or_token_is_refused() -> None:
    rng = np.random.default_rng(4)
    for listed, chosen, rest in (
        ([], 0, 1.0), ([0.5], 1, 0.5), ([0.5], -1, 0.5), ([-0.5], 0, 1.0), ([0.5], 0, -0.1), ([0.0], 0, 0.0),
        ([math.nan], 0, 0.5), ([math.inf], 0, 0.5),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"masses|no token"):
            pit(listed, chosen, rest, rng)
    assert 0 <= pit([], None, 1.0, rng) <= 1
    for values in ([], [0.5, 1.1], [math.nan], [-0.1]):
        with pytest.raises(ValueError, match="at least one value"):
            kolmogorov_distance(values)
