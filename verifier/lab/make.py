"""Carry out a recipe: official weights in, one GGUF file out. Runs inside a worker process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import gguf

from verifier.lab import prune
from verifier.lab.gguf_file import FILE_TYPE, FloatArray, ModelFile, Planned, write
from verifier.lab.recipes import Recipe, head_changes

type_of = gguf.GGMLQuantizationType

_EMBEDDING = "token_embd.weight"
_OUTPUT_PROJECTION = ".attn_output.weight"
_HEAD_SIZE = "llama.rope.dimension_count"
_BLOCK_COUNT = "llama.block_count"


def make(recipe: Recipe, official: ModelFile, load: Callable[[str], FloatArray], path: Path) -> None:
    """Write the recipe's model file.

    Args:
        recipe: what to do.
        official: metadata and tensor shapes of the model.
        load: the official values of a tensor by name.
        path: the file to write.
    """
    fields = dict(official.fields)
    # every file says it holds the official bf16: a provider who cheats does not announce it
    fields[FILE_TYPE] = replace(fields[FILE_TYPE], value=int(gguf.LlamaFileType.MOSTLY_BF16))
    fields[_BLOCK_COUNT] = replace(
        fields[_BLOCK_COUNT], value=fields[_BLOCK_COUNT].value - len(recipe.layers)
    )
    head_size = int(fields[_HEAD_SIZE].value)
    planned = []
    for name in official.names:
        target = prune.renamed(name, recipe.layers)
        if target is not None:
            values = partial(_changed, recipe, name, load, head_size)
            planned.append(Planned(target, official.shape(name), _storage(recipe, official, name), values))
    write(path, fields, planned)


def is_projection(name: str, shape: tuple[int, ...]) -> bool:
    """Whether the tensor is a linear projection inside a layer."""
    return prune.layer_of(name) is not None and len(shape) == 2


def _storage(recipe: Recipe, official: ModelFile, name: str) -> gguf.GGMLQuantizationType:
    if name == _EMBEDDING:
        return recipe.embedding
    return recipe.storage if is_projection(name, official.shape(name)) else type_of.F32


def _changed(recipe: Recipe, name: str, load: Callable[[str], FloatArray], head_size: int) -> FloatArray:
    values = load(name)
    if recipe.matrix is not None and is_projection(name, values.shape):
        values = recipe.matrix(values)
    layer = prune.layer_of(name)
    if layer is not None and name.endswith(_OUTPUT_PROJECTION):
        heads = head_changes(recipe, layer)
        if heads:
            values = prune.without_heads(values, heads, head_size)
    return values
