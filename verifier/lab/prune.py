"""Changes that remove something from a model: weights, attention heads, layers."""

from __future__ import annotations

import re

import numpy as np

from verifier.lab.gguf_file import FloatArray

_LAYER = re.compile(r"^blk\.(\d+)\.(.+)$")


def smallest(matrix: FloatArray, fraction: float) -> FloatArray:
    """The matrix with the given fraction of its weights, the smallest in magnitude, set to zero."""
    count = int(matrix.size * fraction)
    if count == 0:
        return matrix
    magnitude = np.abs(matrix)
    threshold = np.partition(magnitude.reshape(-1), count - 1)[count - 1]
    return np.where(magnitude <= threshold, np.float32(0), matrix)


def without_heads(output_projection: FloatArray, heads: tuple[int, ...], head_size: int) -> FloatArray:
    """An attention output projection (model, heads * head_size) that ignores the given heads."""
    changed = output_projection.copy()
    for head in heads:
        changed[:, head * head_size : (head + 1) * head_size] = 0
    return changed


def layer_of(name: str) -> int | None:
    """Layer number of a tensor name such as `blk.7.attn_q.weight`; None outside the layers."""
    match = _LAYER.match(name)
    return int(match.group(1)) if match else None


def renamed(name: str, dropped: tuple[int, ...]) -> str | None:
    """The tensor's name once the dropped layers are gone and the others moved up; None if it goes itself."""
    match = _LAYER.match(name)
    if match is None or not dropped:
        return name
    layer = int(match.group(1))
    if layer in dropped:
        return None
    return f"blk.{layer - sum(gone < layer for gone in dropped)}.{match.group(2)}"
