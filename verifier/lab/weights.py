"""The official weights: what the released 4-bit file was before it was quantized, as far as anyone can tell.

The released file is already 4-bit, so quantizing it to four bits again would cost nothing and show nothing.
Every weight is therefore moved by a uniform draw from half a quantization step either way (that is the
interval its own rounding came from), with a fixed seed, and rounded to bfloat16. Requantizing *these* weights
costs what it costs a real model. Weights that were not quantized (norms) are kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial

import gguf
import numpy as np

from verifier.lab.gguf_file import FloatArray, ModelFile, round_to_bf16

SEED = 20250207
"""Seed of the dither; part of the identity of the official weights."""

_BLOCK = 32
_STORED = gguf.GGMLQuantizationType


def quantization_step(model: ModelFile, name: str) -> FloatArray | None:
    """The step of each block of 32 weights, shape (blocks, 1); None where the tensor is not quantized.

    Q4_1 stores weight = step * code + minimum, Q8_0 stores weight = step * code; both begin with the step
    as a float16 (ggml-common.h: block_q4_1, block_q8_0).
    """
    storage = model.storage(name)
    if storage not in (_STORED.Q4_1, _STORED.Q8_0):
        return None
    size = gguf.GGML_QUANT_SIZES[storage][1]
    steps = model.blocks(name).reshape(-1, size)[:, :2].copy().view(np.float16)
    return np.abs(steps.astype(np.float32))


def dither(values: FloatArray, step: FloatArray, seed: int, name: str) -> FloatArray:
    """`values` moved by a uniform draw in [-step/2, step/2) of their block; one random stream per tensor."""
    random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    noise = random.random((step.shape[0], _BLOCK), dtype=np.float32)
    noise -= np.float32(0.5)
    noise *= step
    return values + noise.reshape(values.shape)


def official(model: ModelFile, name: str) -> FloatArray:
    """One tensor of the official weights, in float32; matrices hold bfloat16 values exactly."""
    values = model.load(name)
    step = quantization_step(model, name)
    if step is None:
        return values
    return round_to_bf16(dither(values, step, SEED, name))


def official_tensors(model: ModelFile) -> dict[str, Callable[[], FloatArray]]:
    """A loader for each tensor of the official weights, in file order."""
    return {name: partial(official, model, name) for name in model.names}
