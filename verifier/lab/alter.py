"""Changes of the official weights that need a tensor's name, and those that came after the first files.

They stand apart from the modules that made the first weights files, so that those files keep their keys.
"""

from __future__ import annotations

import re
import zlib

import numpy as np

from verifier.lab.gguf_file import FloatArray, round_to_bf16
from verifier.lab.quantize import int_groups

_PROJECTION = re.compile(r"^blk\.\d+\.(attn_(q|k|v|output)|ffn_(gate|up|down))\.weight$")
_QUERY_OR_VALUE = re.compile(r"^blk\.\d+\.attn_(q|v)\.weight$")


def noise(name: str, values: FloatArray, *, share: float, seed: int) -> FloatArray:
    """Every projection with Gaussian noise added, `share` of the matrix's standard deviation; as bfloat16."""
    if not _PROJECTION.match(name):
        return values
    draws = _stream(name, seed).standard_normal(values.shape, dtype=np.float32)
    return round_to_bf16(values + draws * np.float32(share * float(values.std())))


def low_rank(name: str, values: FloatArray, *, rank: int, share: float, seed: int) -> FloatArray:
    """Query and value projections W + D, D of `rank` and |D| = share |W| (Frobenius norms); as bfloat16.

    That is what fine-tuning by low-rank adapters leaves once they are merged (LoRA, arXiv 2106.09685).
    """
    if not _QUERY_OR_VALUE.match(name):
        return values
    random = _stream(name, seed)
    outputs, inputs = values.shape
    left = random.standard_normal((outputs, rank), dtype=np.float32)
    update = left @ random.standard_normal((rank, inputs), dtype=np.float32)
    update *= np.float32(share * float(np.linalg.norm(values)) / float(np.linalg.norm(update)))
    return round_to_bf16(values + update)


def two_of_four(name: str, values: FloatArray) -> FloatArray:
    """Every projection with the two smallest of each four neighbouring inputs' weights zeroed (2:4)."""
    if not _PROJECTION.match(name):
        return values
    fours = values.reshape(-1, 4)
    smaller = np.argsort(np.abs(fours), axis=1, kind="stable")[:, :2]
    kept = fours.copy()
    np.put_along_axis(kept, smaller, np.float32(0), axis=1)
    return kept.reshape(values.shape)


def int8_per_tensor(name: str, values: FloatArray) -> FloatArray:
    """Every projection as symmetric round-to-nearest INT8 with one scale for the whole matrix."""
    return int_groups(values, 8, values.size) if _PROJECTION.match(name) else values


def _stream(name: str, seed: int) -> np.random.Generator:
    """One stream of random numbers for each tensor."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
