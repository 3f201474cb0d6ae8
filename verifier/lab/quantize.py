"""Quantizers, as real ones work: each takes a matrix (outputs, inputs) and returns the values it would serve.

"Fake quantization": the codes are formed and multiplied out again, so that any server can run the result.
Quantizers whose format the server knows (Q8_0, Q4_0) are stored in that format instead, see recipes.py.
"""

from __future__ import annotations

import numpy as np

from verifier.lab.gguf_file import FloatArray

E4M3_MAX = 448.0
"""Largest finite value of FP8 E4M3 (OCP 8-bit floating point specification, variant "fn")."""

NF4 = np.array(
    [
        *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
        *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
        *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224),
        *(0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0),
    ],
    dtype=np.float32,
)
"""The 16 values of NF4 (QLoRA, arXiv 2305.14314, appendix E)."""


def int_per_row(matrix: FloatArray, bits: int) -> FloatArray:
    """Symmetric round-to-nearest integers with one scale per output row (as W8A16 INT8 kernels have it)."""
    return _symmetric(matrix, matrix.shape[1], bits)


def int_groups(matrix: FloatArray, bits: int, group: int) -> FloatArray:
    """Symmetric round-to-nearest integers with one scale per `group` inputs of a row."""
    return _symmetric(matrix, group, bits)


def _symmetric(matrix: FloatArray, group: int, bits: int) -> FloatArray:
    """Codes from -top to top, top = 2^(bits-1) - 1; scale = max|w| / top; error at most half a scale."""
    rows = matrix.reshape(-1, group)
    top = np.float32(2 ** (bits - 1) - 1)
    scale = np.abs(rows).max(axis=1, keepdims=True) / top
    codes = np.rint(np.divide(rows, scale, out=np.zeros_like(rows), where=scale > 0))
    return _float32(codes * scale, matrix)


def int_groups_with_offset(matrix: FloatArray, bits: int, group: int) -> FloatArray:
    """Round-to-nearest codes 0 .. 2^bits - 1 from the smallest to the largest weight of each group."""
    rows = matrix.reshape(-1, group)
    low = rows.min(axis=1, keepdims=True)
    step = (rows.max(axis=1, keepdims=True) - low) / np.float32(2**bits - 1)
    codes = np.rint(np.divide(rows - low, step, out=np.zeros_like(rows), where=step > 0))
    return _float32(codes * step + low, matrix)


def nf4(matrix: FloatArray, group: int) -> FloatArray:
    """Four-bit NormalFloat: weight over the group's largest magnitude, to the nearest of the 16 values."""
    rows = matrix.reshape(-1, group)
    scale = np.abs(rows).max(axis=1, keepdims=True)
    unit = np.divide(rows, scale, out=np.zeros_like(rows), where=scale > 0)
    codes = np.searchsorted((NF4[1:] + NF4[:-1]) / 2, unit)
    return _float32(NF4[codes] * scale, matrix)


def fp8_per_row(matrix: FloatArray) -> FloatArray:
    """FP8 E4M3 with one scale per output row: the row's largest magnitude becomes 448."""
    return _scaled_e4m3(matrix, np.abs(matrix).max(axis=1, keepdims=True))


def fp8_per_tensor(matrix: FloatArray) -> FloatArray:
    """FP8 E4M3 with one scale for the whole matrix."""
    return _scaled_e4m3(matrix, np.abs(matrix).max(axis=(0, 1), keepdims=True))


def _scaled_e4m3(matrix: FloatArray, largest: FloatArray) -> FloatArray:
    scale = np.where(largest > 0, largest / np.float32(E4M3_MAX), np.float32(1)).astype(np.float32)
    return _float32(round_to_e4m3(matrix / scale) * scale, matrix)


def round_to_e4m3(values: FloatArray) -> FloatArray:
    """Each value rounded to the nearest FP8 E4M3 value, ties to even, saturating at 448.

    Four significant bits down to the smallest normal number 2^-6, then steps of 2^-9.
    """
    clipped = np.clip(values, -E4M3_MAX, E4M3_MAX).astype(np.float32)
    _, exponent = np.frexp(clipped)  # |value| = fraction * 2^exponent, fraction in [0.5, 1)
    step = np.ldexp(np.float32(1), np.maximum(exponent - 4, -9)).astype(np.float32)
    return _float32(np.rint(clipped / step) * step, values)


def _float32(values: FloatArray, like: FloatArray) -> FloatArray:
    return np.asarray(values, dtype=np.float32).reshape(like.shape)
