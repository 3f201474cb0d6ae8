"""The official weights: within half a step of the released ones, the same every time."""

from __future__ import annotations

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.lab import source
from verifier.lab.gguf_file import ModelFile, round_to_bf16, type_of
from verifier.lab.weights import SEED, dither, official, quantization_step

PROJECTION = "blk.0.attn_k.weight"
NORM = "blk.0.attn_norm.weight"


@pytest.fixture(scope="module")
def released() -> ModelFile:
    return ModelFile(source.find())


def test_the_step_is_the_distance_between_neighbouring_values(released: ModelFile) -> None:
    steps = quantization_step(released, PROJECTION)
    assert steps is not None
    blocks = released.load(PROJECTION).reshape(-1, 32)
    assert steps.shape == (len(blocks), 1)
    for block, step in list(zip(blocks, steps[:, 0], strict=True))[:500]:
        codes = (block - block.min()) / step
        assert np.allclose(codes, np.rint(codes), atol=1e-2)
        assert codes.max() <= 15.01


def test_official_weights_lie_within_half_a_step_of_the_released_ones(released: ModelFile) -> None:
    steps = quantization_step(released, PROJECTION)
    assert steps is not None
    before = released.load(PROJECTION).reshape(-1, 32)
    after = official(released, PROJECTION).reshape(-1, 32)
    bf16_error = np.abs(after) * 2.0**-8
    assert np.all(np.abs(after - before) <= steps / 2 + bf16_error)
    moved = (after - before) / steps
    assert abs(moved.std() - 12**-0.5) < 0.01  # the standard deviation of a uniform draw of width 1
    assert abs(moved.mean()) < 0.01


def test_official_weights_are_bfloat16_and_reproducible(released: ModelFile) -> None:
    once = official(released, PROJECTION)
    assert np.array_equal(round_to_bf16(once), once)
    assert np.array_equal(official(released, PROJECTION), once)


def test_requantizing_the_official_weights_costs_what_a_quantization_costs(released: ModelFile) -> None:
    """The released file itself would survive Q4_1 unharmed; the official weights do not."""

    def cost(values: np.ndarray) -> float:
        again = gguf.dequantize(gguf.quantize(values, type_of.Q4_1), type_of.Q4_1)
        return float(np.abs(again - values).mean() / np.abs(values).mean())

    assert cost(released.load(PROJECTION)) < 0.001
    assert cost(official(released, PROJECTION)) > 0.03


def test_norms_are_kept(released: ModelFile) -> None:
    assert quantization_step(released, NORM) is None
    assert np.array_equal(official(released, NORM), released.load(NORM))


@given(st.integers(0, 2**32), st.floats(0, 10, width=32))
def test_dither_stays_within_half_a_step(seed: int, size: float) -> None:
    step = np.full((4, 1), size, dtype=np.float32)
    values = np.zeros((2, 64), dtype=np.float32)
    moved = dither(values, step, seed, "a")
    assert np.all(np.abs(moved) <= size / 2)
    assert np.array_equal(moved, dither(values, step, seed, "a"))


def test_every_tensor_and_seed_has_a_stream_of_its_own() -> None:
    step, values = np.ones((4, 1), dtype=np.float32), np.zeros((2, 64), dtype=np.float32)
    one = dither(values, step, SEED, "blk.0.attn_q.weight")
    assert not np.array_equal(one, dither(values, step, SEED, "blk.1.attn_q.weight"))
    assert not np.array_equal(one, dither(values, step, SEED + 1, "blk.0.attn_q.weight"))
