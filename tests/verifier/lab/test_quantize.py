"""Quantizers: error bounds for all inputs, and second sources where there are any."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from verifier.lab.gguf_file import FloatArray, type_of
from verifier.lab.quantize import (
    NF4,
    fp8_per_row,
    fp8_per_tensor,
    int_groups,
    int_groups_with_offset,
    int_per_row,
    nf4,
    round_to_e4m3,
)

WEIGHTS = st.floats(-8, 8, width=32).filter(lambda w: w == 0 or abs(w) > 1e-6)
MATRICES = hnp.arrays(np.float32, (4, 64), elements=WEIGHTS)
ALL: list[Callable[[FloatArray], FloatArray]] = [
    partial(int_per_row, bits=8),
    partial(int_groups, bits=4, group=32),
    partial(int_groups_with_offset, bits=2, group=32),
    partial(nf4, group=32),
    fp8_per_row,
    fp8_per_tensor,
]


def e4m3_values() -> FloatArray:
    """All 256 codes of FP8 E4M3 decoded by the definition (OCP 8-bit floating point, "fn": no infinity)."""
    values = []
    for code in range(256):
        sign, exponent, mantissa = (-1) ** (code >> 7), (code >> 3) & 15, code & 7
        if exponent == 15 and mantissa == 7:
            continue  # NaN
        if exponent == 0:
            values.append(sign * mantissa * 2.0**-9)
        else:
            values.append(sign * (1 + mantissa / 8) * 2.0 ** (exponent - 7))
    return np.unique(np.array(values, dtype=np.float32))


E4M3 = e4m3_values()


def test_e4m3_keeps_every_one_of_its_values() -> None:
    assert len(E4M3) == 253  # 256 codes without two NaN, and with one zero instead of two
    assert E4M3.max() == 448
    assert np.array_equal(round_to_e4m3(E4M3), E4M3)


@given(hnp.arrays(np.float32, 50, elements=st.floats(-500, 500, width=32)))
def test_e4m3_takes_the_nearest_value(values: FloatArray) -> None:
    rounded = round_to_e4m3(values)
    assert np.isin(rounded, E4M3).all()
    nearest = np.abs(values[:, None].astype(np.float64) - E4M3).min(axis=1)
    assert np.array_equal(np.abs(values.astype(np.float64) - rounded), nearest)


def test_e4m3_ties_go_to_the_even_code() -> None:
    assert round_to_e4m3(np.array([1.0625, 1.1875], dtype=np.float32)).tolist() == [1.0, 1.25]


@settings(max_examples=25)
@given(MATRICES)
@pytest.mark.parametrize("bits", [8, 6, 4, 3])
def test_round_to_nearest_errs_by_half_a_step_at_most(bits: int, matrix: FloatArray) -> None:
    step = np.abs(matrix.reshape(-1, 32)).max(axis=1) / (2 ** (bits - 1) - 1)
    error = np.abs(int_groups(matrix, bits, 32) - matrix).reshape(-1, 32).max(axis=1)
    assert np.all(error <= step * 0.5001)


@settings(max_examples=25)
@given(MATRICES)
def test_an_offset_errs_by_half_a_step_at_most(matrix: FloatArray) -> None:
    groups = matrix.reshape(-1, 32).astype(np.float64)
    step = (groups.max(axis=1) - groups.min(axis=1)) / 3
    error = np.abs(int_groups_with_offset(matrix, 2, 32) - matrix).reshape(-1, 32).max(axis=1)
    assert np.all(error <= step * 0.5001 + 1e-6)


@settings(max_examples=25)
@given(MATRICES)
def test_integers_have_no_more_values_than_bits_allow(matrix: FloatArray) -> None:
    for row in int_groups(matrix, 3, 64):
        assert len(np.unique(np.abs(row))) <= 4
    for row in int_groups_with_offset(matrix, 2, 64):
        assert len(np.unique(row)) <= 4
    for row in nf4(matrix, 64):
        assert len(np.unique(row)) <= 16


@pytest.mark.parametrize("quantizer", ALL)
def test_zeros_stay_zeros_and_shape_and_type_are_kept(quantizer: Callable[[FloatArray], FloatArray]) -> None:
    matrix = np.zeros((4, 64), dtype=np.float32)
    assert np.array_equal(quantizer(matrix), matrix)
    changed = quantizer(np.random.default_rng(3).standard_normal((4, 64), dtype=np.float32))
    assert changed.shape == (4, 64)
    assert changed.dtype.name == "float32"


@settings(max_examples=25)
@given(MATRICES)
@pytest.mark.parametrize("quantizer", [ALL[0], ALL[1], ALL[3], ALL[4], ALL[5]])
def test_quantizing_twice_changes_next_to_nothing(
    quantizer: Callable[[FloatArray], FloatArray], matrix: FloatArray
) -> None:
    once = quantizer(matrix)
    assert np.allclose(quantizer(once), once, rtol=1e-5, atol=1e-6)


@settings(max_examples=25)
@given(MATRICES)
def test_per_row_scales_do_not_mix_rows(matrix: FloatArray) -> None:
    for quantizer in (partial(int_per_row, bits=8), fp8_per_row):
        apart = np.concatenate([quantizer(row[None]) for row in matrix])
        assert np.array_equal(quantizer(matrix), apart)


def test_int8_in_groups_of_32_is_q8_0() -> None:
    matrix = np.random.default_rng(4).standard_normal((16, 576), dtype=np.float32)
    theirs = gguf.dequantize(gguf.quantize(matrix, type_of.Q8_0), type_of.Q8_0)
    assert np.abs(int_groups(matrix, 8, 32) - theirs).max() < 127 * 2.0**-11 * np.abs(matrix).max() / 127 * 2


def test_four_bits_with_offset_in_groups_of_32_are_q4_1() -> None:
    matrix = np.random.default_rng(5).standard_normal((16, 576), dtype=np.float32)
    theirs = gguf.dequantize(gguf.quantize(matrix, type_of.Q4_1), type_of.Q4_1)
    ours = int_groups_with_offset(matrix, 4, 32)
    assert np.quantile(np.abs(ours - theirs), 0.999) < 0.01  # a scale in float16; ties may fall apart
    assert abs(np.abs(ours - matrix).mean() - np.abs(theirs - matrix).mean()) < 1e-4


@settings(max_examples=25)
@given(MATRICES)
def test_nf4_takes_the_nearest_value(matrix: FloatArray) -> None:
    groups = matrix.reshape(-1, 64).astype(np.float64)
    scale = np.abs(groups).max(axis=1)
    error = np.abs(nf4(matrix, 64).reshape(-1, 64) - groups)
    for group, largest, found in zip(groups, scale, error, strict=True):
        best = np.abs(group[:, None] - NF4 * largest).min(axis=1)
        assert np.allclose(found, best, atol=1e-5)


def test_coarser_costs_more() -> None:
    matrix = np.random.default_rng(6).standard_normal((64, 576), dtype=np.float32)

    def cost(changed: FloatArray) -> float:
        return float(np.square(changed - matrix).mean())

    costs = [cost(int_groups(matrix, bits, 64)) for bits in (8, 6, 4, 3)]
    assert costs == sorted(costs)
    assert cost(nf4(matrix, 64)) < cost(int_groups(matrix, 4, 64))
    assert cost(int_groups(matrix, 3, 32)) < cost(int_groups(matrix, 3, 64))
