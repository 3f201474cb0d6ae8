"""A model file of a few kilobytes with the names and metadata of a real one: 3 layers, 2 heads of size 32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import gguf
import numpy as np

from verifier.lab.gguf_file import Field, FloatArray, Planned, round_to_bf16, type_of, write

LAYERS = 3
WIDTH = 64
_U32 = gguf.GGUFValueType.UINT32
_STRING = gguf.GGUFValueType.STRING
_ARRAY = gguf.GGUFValueType.ARRAY

FIELDS = {
    "general.architecture": Field("llama", _STRING),
    "general.name": Field("Tiny", _STRING),
    "general.organization": Field("Nobody", _STRING),
    "general.file_type": Field(3, _U32),
    "llama.block_count": Field(LAYERS, _U32),
    "llama.vocab_size": Field(4, _U32),
    "llama.rope.dimension_count": Field(32, _U32),
    "tokenizer.ggml.pre": Field("smollm", _STRING),
    "tokenizer.ggml.tokens": Field(["a", "b", "ab", "c"], _ARRAY, _STRING),
    "tokenizer.ggml.token_type": Field([1, 1, 1, 1], _ARRAY, gguf.GGUFValueType.INT32),
    "tokenizer.ggml.merges": Field(["a b"], _ARRAY, _STRING),
}


def tiny_tensors() -> dict[str, FloatArray]:
    """Values that bfloat16 holds exactly, so that every storage but the quantized ones keeps them."""
    random = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (4, WIDTH)}
    for layer in range(LAYERS):
        for part in ("attn_q", "attn_output", "ffn_down"):
            shapes[f"blk.{layer}.{part}.weight"] = (WIDTH, WIDTH)
        shapes[f"blk.{layer}.attn_norm.weight"] = (WIDTH,)
    shapes["output_norm.weight"] = (WIDTH,)
    return {
        name: round_to_bf16(random.standard_normal(shape).astype(np.float32))
        for name, shape in shapes.items()
    }


def tiny_model(folder: Path) -> tuple[Path, dict[str, FloatArray]]:
    """Write the model; returns its path and what is in it."""
    tensors = tiny_tensors()
    path = folder / "tiny.gguf"
    planned = [
        Planned(name, values.shape, type_of.F32 if values.ndim == 1 else type_of.BF16, loader(values))
        for name, values in tensors.items()
    ]
    write(path, FIELDS, planned)
    return path, tensors


def loader(values: FloatArray) -> Callable[[], FloatArray]:
    """A function that returns these values."""
    return partial(np.copy, values)
