"""Model files: what is written is what is read, and rounding is IEEE's."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.verifier.lab.tiny import tiny_model
from verifier.lab.gguf_file import (
    ModelFile,
    decode,
    encode,
    round_to_bf16,
    round_to_bf16_bits,
    stored_shape,
    type_of,
)

FINITE = st.floats(-(2.0**100), 2.0**100, width=32)
ROWS = hnp.arrays(np.float32, (3, 64), elements=FINITE)


@given(ROWS)
def test_bf16_rounding_agrees_with_the_gguf_package(values: np.ndarray) -> None:
    theirs = gguf.quantize(values, type_of.BF16).view(np.uint16).reshape(values.shape)
    assert np.array_equal(round_to_bf16_bits(values), theirs)


@given(ROWS)
def test_bf16_rounding_is_idempotent_and_close(values: np.ndarray) -> None:
    rounded = round_to_bf16(values)
    assert np.array_equal(round_to_bf16(rounded), rounded)
    normal = np.abs(values) > 2.0**-126
    assert np.all(np.abs(rounded - values)[normal] <= np.abs(values)[normal] * 2.0**-8)


def test_bf16_ties_go_to_even() -> None:
    halfway = np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8], dtype=np.float32)  # between two neighbours each
    assert round_to_bf16(halfway).tolist() == [1.0, 1 + 2.0**-6]


@pytest.mark.parametrize("storage", [type_of.F32, type_of.F16, type_of.BF16, type_of.Q8_0, type_of.Q4_0])
def test_encoding_twice_changes_nothing(storage: gguf.GGMLQuantizationType) -> None:
    values = np.random.default_rng(1).standard_normal((4, 64), dtype=np.float32)
    once = decode(encode(values, storage).reshape(-1), values.shape, storage)
    again = decode(encode(once, storage).reshape(-1), values.shape, storage)
    assert np.allclose(once, again, rtol=2e-3)
    assert np.abs(once - values).max() < 0.3


@pytest.mark.parametrize("storage", [type_of.BF16, type_of.Q8_0, type_of.Q4_0, type_of.Q4_1])
def test_decoding_agrees_with_the_gguf_package(storage: gguf.GGMLQuantizationType) -> None:
    values = np.random.default_rng(2).standard_normal((4, 64), dtype=np.float32)
    blocks = np.asarray(gguf.quantize(values, storage), dtype=np.uint8)
    assert np.array_equal(decode(blocks.reshape(-1), values.shape, storage), gguf.dequantize(blocks, storage))


def test_stored_shape_counts_block_headers() -> None:
    assert stored_shape((10, 64), type_of.Q8_0) == (10, 2 * 34)  # 2 bytes of scale and 32 codes a block


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path, tensors = tiny_model(tmp_path)
    model = ModelFile(path)
    assert set(model.names) == set(tensors)
    for name, values in tensors.items():
        assert model.shape(name) == values.shape
        assert np.array_equal(model.load(name), values)
    assert model.fields["llama.block_count"].value == 3
    assert model.fields["tokenizer.ggml.tokens"].value == ["a", "b", "ab", "c"]
    assert model.fields["general.architecture"].value == "llama"
