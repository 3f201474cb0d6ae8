"""Changes by name: they touch what they say, as much as they say, and the same every time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.verifier.lab.tiny import tiny_model
from verifier.lab import alter
from verifier.lab.gguf_file import FloatArray, ModelFile, round_to_bf16, type_of
from verifier.lab.make import make
from verifier.lab.recipes import Altered, TensorChange

QUERY = "blk.3.attn_q.weight"
UP = "blk.3.ffn_up.weight"
noise = partial(alter.noise, share=0.01, seed=1)
low_rank = partial(alter.low_rank, rank=4, share=0.02, seed=1)
CHANGES = (noise, low_rank, alter.two_of_four, alter.int8_per_tensor)


def matrix(rows: int = 96, columns: int = 256) -> FloatArray:
    return np.random.default_rng(5).standard_normal((rows, columns), dtype=np.float32) * np.float32(0.05)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["token_embd.weight", "blk.0.attn_norm.weight", "output_norm.weight"])
def test_embeddings_and_norms_are_left_alone(change: TensorChange, name: str) -> None:
    values = matrix()
    assert change(name, values) is values


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_the_same_every_time_and_keeps_the_original(change: TensorChange) -> None:
    values = matrix()
    once = change(QUERY, values)
    assert np.array_equal(once, change(QUERY, values))
    assert not np.array_equal(once, values)
    assert np.array_equal(values, matrix())
    assert once.dtype == np.float32
    assert once.shape == values.shape


def test_noise_has_the_share_it_says_and_differs_between_tensors_and_seeds() -> None:
    values = matrix()
    assert np.std(noise(QUERY, values) - values) == pytest.approx(0.01 * values.std(), rel=0.05)
    assert np.array_equal(noise(QUERY, values), round_to_bf16(noise(QUERY, values)))
    assert not np.array_equal(noise(QUERY, values), noise(UP, values))
    assert not np.array_equal(noise(QUERY, values), alter.noise(QUERY, values, share=0.01, seed=2))


def test_the_update_has_the_rank_and_norm_it_says() -> None:
    values = matrix()
    update = (low_rank(QUERY, values) - values).astype(np.float64)
    assert np.linalg.norm(update) == pytest.approx(0.02 * np.linalg.norm(values), rel=0.02)
    strengths = np.linalg.svd(update, compute_uv=False)
    assert strengths[3] > 5 * strengths[4]  # what is left beyond the fourth is rounding to bfloat16
    assert low_rank(UP, values) is values


def test_two_of_four_keeps_the_larger_two() -> None:
    values = np.array([[1.0, -4.0, 3.0, -2.0, 0.5, 0.5, 0.5, 0.5]], dtype=np.float32)
    assert alter.two_of_four(UP, values).tolist() == [[0, -4, 3, 0, 0, 0, 0.5, 0.5]]
    pruned = alter.two_of_four(UP, matrix())
    assert ((pruned == 0).reshape(-1, 4).sum(axis=1) == 2).all()


def test_one_scale_for_a_matrix_leaves_at_most_255_values() -> None:
    values = matrix()
    rounded = alter.int8_per_tensor(UP, values)
    assert len(np.unique(rounded)) <= 255
    assert np.abs(rounded - values).max() <= np.abs(values).max() / 127 * 0.5001


def test_an_altered_recipe_changes_tensors_and_nothing_else(tmp_path: Path) -> None:
    path, tensors = tiny_model(tmp_path)
    model = ModelFile(path)
    recipe = Altered("noise", change=noise, storage=type_of.BF16, embedding=type_of.BF16)
    make(recipe, model, recipe.changing(model.load), tmp_path / "made.gguf")
    made = ModelFile(tmp_path / "made.gguf")
    assert made.names == model.names
    for name, values in tensors.items():
        assert np.array_equal(made.load(name), noise(name, values))
    assert Altered("same").changing(model.load)("token_embd.weight").shape == (4, 64)
