"""Removing weights, heads and layers removes exactly those."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from verifier.lab.gguf_file import FloatArray
from verifier.lab.prune import layer_of, renamed, smallest, without_heads

LAYERS = st.integers(0, 29)


@given(
    hnp.arrays(np.float32, (6, 10), elements=st.floats(0.125, 8, width=32), unique=True), st.floats(0, 0.9)
)
def test_the_smallest_weights_go(matrix: FloatArray, fraction: float) -> None:
    pruned = smallest(matrix, fraction)
    gone = pruned == 0
    assert gone.sum() == int(matrix.size * fraction)
    assert np.array_equal(pruned[~gone], matrix[~gone])
    if gone.any():
        assert matrix[gone].max() < matrix[~gone].min()


def test_heads_are_columns_of_the_output_projection() -> None:
    matrix = np.ones((4, 12), dtype=np.float32)
    cut = without_heads(matrix, (0, 2), head_size=3)
    assert cut[0].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]
    assert matrix.all()  # the original is left alone


@given(LAYERS, st.sets(LAYERS, max_size=3))
def test_the_layers_that_stay_move_up_without_gaps(layer: int, dropped: set[int]) -> None:
    names = [renamed(f"blk.{number}.attn_q.weight", tuple(dropped)) for number in range(30)]
    stayed = [name for name in names if name is not None]
    assert stayed == [f"blk.{number}.attn_q.weight" for number in range(30 - len(dropped))]
    assert (names[layer] is None) == (layer in dropped)


def test_tensors_outside_the_layers_keep_their_names() -> None:
    assert renamed("token_embd.weight", (1,)) == "token_embd.weight"
    assert layer_of("output_norm.weight") is None
    assert layer_of("blk.12.ffn_up.weight") == 12
