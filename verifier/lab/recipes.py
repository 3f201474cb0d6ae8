"""How each weights file of the lab is made from the official weights. Adding one is adding an entry.

A recipe is data: its identity (the key in the file's name) is computed from its fields and from the source
of the modules that carry it out, so a changed recipe makes a new file and never reuses a stale one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, partial
from importlib import resources
from types import FunctionType

import gguf

from verifier.lab import alter, prune, quantize
from verifier.lab.gguf_file import FloatArray
from verifier.lab.stranger import Stranger

type_of = gguf.GGMLQuantizationType

MatrixChange = Callable[[FloatArray], FloatArray]
TensorChange = Callable[[str, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One weights file.

    `matrix` changes each of the 210 linear projections (attention q, k, v and output; feed-forward gate, up
    and down); embeddings and norms are never changed, as quantizers of served models leave them. `heads`
    lists (layer, head) pairs whose output is cut off, `layers` the layers left out. `storage` and `embedding`
    say in what format projections and the (tied) embedding are stored.
    """

    name: str
    matrix: MatrixChange | None = None
    heads: tuple[tuple[int, int], ...] = ()
    layers: tuple[int, ...] = ()
    storage: gguf.GGMLQuantizationType = type_of.F16
    embedding: gguf.GGMLQuantizationType = type_of.F16


@dataclass(frozen=True, slots=True)
class Altered(Recipe):
    """A weights file whose tensors are first changed one by one, by name, by a function of alter.py."""

    change: TensorChange | None = None

    def changing(self, load: Callable[[str], FloatArray]) -> Callable[[str], FloatArray]:
        """`load` with the change applied."""
        change = self.change
        if change is None:
            return load
        return lambda name: change(name, load(name))


LAYERS = 30
"""Layers of the model, numbered from 0."""

_in_bf16 = partial(Altered, storage=type_of.BF16, embedding=type_of.BF16)
_RECIPES: tuple[Recipe | Stranger, ...] = (
    Recipe("official", storage=type_of.BF16, embedding=type_of.BF16),
    Recipe("f16"),
    Recipe("f32", storage=type_of.F32, embedding=type_of.F32),
    Recipe("q8_0", storage=type_of.Q8_0, embedding=type_of.Q8_0),
    Recipe("q4_0", storage=type_of.Q4_0, embedding=type_of.Q8_0),
    Recipe("int8-row", matrix=partial(quantize.int_per_row, bits=8)),
    Recipe("int6-g64", matrix=partial(quantize.int_groups, bits=6, group=64)),
    Recipe("int4-g64", matrix=partial(quantize.int_groups, bits=4, group=64)),
    Recipe("int3-g32", matrix=partial(quantize.int_groups, bits=3, group=32)),
    Recipe("int3-g64", matrix=partial(quantize.int_groups, bits=3, group=64)),
    Recipe("int2-g64", matrix=partial(quantize.int_groups_with_offset, bits=2, group=64)),
    Recipe("nf4", matrix=partial(quantize.nf4, group=64)),
    Recipe("fp8-row", matrix=quantize.fp8_per_row),
    Recipe("fp8-tensor", matrix=quantize.fp8_per_tensor),
    Recipe("pruned-10", matrix=partial(prune.smallest, fraction=0.10)),
    Recipe("heads-3", heads=((7, 2), (14, 5), (21, 8))),
    Recipe("q5_0", storage=type_of.Q5_0, embedding=type_of.Q8_0),
    Recipe("pruned-20", matrix=partial(prune.smallest, fraction=0.20)),
    Recipe("heads-6", heads=((3, 1), (8, 6), (11, 0), (17, 3), (22, 7), (26, 4))),
    Recipe("heads-3-others", heads=((5, 4), (12, 7), (19, 1))),
    *(Recipe(f"layer-{layer}", layers=(layer,)) for layer in range(LAYERS)),
    Recipe("layers-last-2", layers=(28, 29)),
    Altered("int8-tensor", change=alter.int8_per_tensor),
    Altered("sparse-2-4", change=alter.two_of_four),
    _in_bf16("noise-1", change=partial(alter.noise, share=0.01, seed=11)),
    _in_bf16("checkpoint", change=partial(alter.low_rank, rank=4, share=0.02, seed=12)),
    Stranger("stranger", tokens=16384, layers=6, seed=1),
)
RECIPES: dict[str, Recipe | Stranger] = {recipe.name: recipe for recipe in _RECIPES}

_MAKERS = ("weights", "gguf_file", "quantize", "prune", "make", "stranger")
"""Modules whose code decides the bytes of all files."""
_ALTERING = (*_MAKERS, "alter")
"""Modules whose code decides the bytes of altered files."""


def head_changes(recipe: Recipe, layer: int) -> tuple[int, ...]:
    """Heads that the recipe cuts off in this layer."""
    return tuple(head for at, head in recipe.heads if at == layer)


def key(recipe: Recipe | Stranger) -> str:
    """File name stem of the recipe: its name and a digest of everything that decides the file's bytes."""
    text = ";".join(f"{field.name}={_spell(getattr(recipe, field.name))}" for field in fields(recipe))
    modules = _ALTERING if isinstance(recipe, Altered) else _MAKERS
    digest = hashlib.sha256(f"{_makers_digest(modules)}|{text}".encode()).hexdigest()
    return f"{recipe.name}-{digest[:12]}"


def _spell(value: object) -> str:
    """A field's value as text that does not depend on the process (no addresses)."""
    if isinstance(value, partial):
        return f"{value.func.__module__}.{value.func.__qualname__}({sorted(value.keywords.items())})"
    if isinstance(value, FunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)


@cache
def _makers_digest(modules: tuple[str, ...]) -> str:
    """Digest of the source of the modules that turn a recipe into a file."""
    here = resources.files("verifier.lab")
    digest = hashlib.sha256()
    for module in modules:
        digest.update((here / f"{module}.py").read_bytes())
    return digest.hexdigest()
