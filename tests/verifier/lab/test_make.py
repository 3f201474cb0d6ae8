"""A recipe does to a model what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.verifier.lab.tiny import LAYERS, tiny_model
from verifier.lab import quantize
from verifier.lab.gguf_file import FloatArray, ModelFile, type_of
from verifier.lab.make import is_projection, make
from verifier.lab.recipes import Recipe


class Tiny:
    """The tiny model as the official weights, and a place for what is made of it."""

    def __init__(self, folder: Path) -> None:
        path, self.tensors = tiny_model(folder)
        self.model = ModelFile(path)
        self.made = folder / "made.gguf"

    def make(self, recipe: Recipe) -> ModelFile:
        make(recipe, self.model, self.model.load, self.made)
        return ModelFile(self.made)


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path)


def differing(model: ModelFile, tensors: Mapping[str, FloatArray]) -> set[str]:
    return {name for name in model.names if not np.array_equal(model.load(name), tensors[name])}


@pytest.mark.parametrize("storage", [type_of.F32, type_of.F16, type_of.BF16])
def test_honest_storages_keep_every_value(tiny: Tiny, storage: int) -> None:
    kind = type_of(storage)
    made = tiny.make(Recipe("same", storage=kind, embedding=kind))
    assert not differing(made, tiny.tensors)
    assert made.storage("blk.0.attn_q.weight") == kind
    assert made.storage("output_norm.weight") == type_of.F32


def test_a_quantizer_touches_projections_only(tiny: Tiny) -> None:
    made = tiny.make(Recipe("int4", matrix=partial(quantize.int_groups, bits=4, group=32)))
    assert differing(made, tiny.tensors) == {
        name for name, values in tiny.tensors.items() if is_projection(name, values.shape)
    }


def test_cut_heads_are_columns_of_their_layers(tiny: Tiny) -> None:
    made = tiny.make(Recipe("heads", heads=((0, 1), (2, 0))))
    assert differing(made, tiny.tensors) == {"blk.0.attn_output.weight", "blk.2.attn_output.weight"}
    assert not made.load("blk.0.attn_output.weight")[:, 32:].any()
    assert not made.load("blk.2.attn_output.weight")[:, :32].any()
    assert made.load("blk.0.attn_output.weight")[:, :32].all()


def test_a_dropped_layer_leaves_a_whole_model(tiny: Tiny) -> None:
    made = tiny.make(Recipe("layer", layers=(1,)))
    assert made.fields["llama.block_count"].value == LAYERS - 1
    assert np.array_equal(made.load("blk.0.attn_q.weight"), tiny.tensors["blk.0.attn_q.weight"])
    assert np.array_equal(made.load("blk.1.attn_q.weight"), tiny.tensors["blk.2.attn_q.weight"])
    assert not [name for name in made.names if name.startswith("blk.2.")]


def test_every_file_says_it_is_bf16(tiny: Tiny) -> None:
    made = tiny.make(Recipe("q8_0", storage=type_of.Q8_0, embedding=type_of.Q8_0))
    assert made.fields["general.file_type"].value == 32
    assert made.fields["tokenizer.ggml.tokens"] == tiny.model.fields["tokenizer.ggml.tokens"]


def test_the_same_recipe_makes_the_same_bytes(tiny: Tiny) -> None:
    recipe = Recipe("fp8", matrix=quantize.fp8_per_row)
    tiny.make(recipe)
    once = tiny.made.read_bytes()
    tiny.make(recipe)
    assert tiny.made.read_bytes() == once
