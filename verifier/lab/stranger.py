"""A model that is not SmolLM2: another tokenizer, another shape, other (random) weights. Deterministic.

No second small trained model is to be had from the package index; what a judge has to notice, other token
counts and other distributions, needs none. The tokenizer is a byte-pair encoding with a third of the released
merges, so the same text becomes more tokens; the weights are drawn so that next-token distributions are about
as peaked as a real model's (logits with a standard deviation of about 3.6).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import gguf
import numpy as np

from verifier.lab.gguf_file import FILE_TYPE, Field, FloatArray, ModelFile, Planned, write

type_of = gguf.GGMLQuantizationType

_TOKENS = "tokenizer.ggml.tokens"
_MERGES = "tokenizer.ggml.merges"
_TYPES = "tokenizer.ggml.token_type"
_LOGIT_DEVIATION = 3.6


@dataclass(frozen=True, slots=True)
class Stranger:
    """The recipe: how many of the released tokens it keeps, how many layers it has, its weights' seed."""

    name: str
    tokens: int
    layers: int
    seed: int


def make(recipe: Stranger, released: ModelFile, path: Path) -> None:
    """Write the model file; only metadata and shapes of the released model are used."""
    fields = dict(released.fields)
    changes = {
        **truncated_vocabulary(fields, recipe.tokens),
        "tokenizer.ggml.pre": "gpt-2",
        "general.name": "Stranger",
        "general.organization": "Assay lab",
        "llama.block_count": recipe.layers,
        "llama.vocab_size": recipe.tokens,
        FILE_TYPE: int(gguf.LlamaFileType.MOSTLY_BF16),
    }
    for name, value in changes.items():
        fields[name] = replace(fields[name], value=value)
    planned = []
    for name in [*released.names, "output.weight"]:
        layer = int(name.split(".")[1]) if name.startswith("blk.") else 0
        if layer < recipe.layers:
            embedding = name in ("token_embd.weight", "output.weight")
            shape = (
                (recipe.tokens, released.shape("token_embd.weight")[1]) if embedding else released.shape(name)
            )
            storage = type_of.F16 if len(shape) == 2 else type_of.F32
            planned.append(Planned(name, shape, storage, partial(random_tensor, name, shape, recipe.seed)))
    write(path, fields, planned)


def truncated_vocabulary(fields: Mapping[str, Field], count: int) -> dict[str, list[str] | list[int]]:
    """The first `count` tokens, their types, and the merges that can still happen among them."""
    tokens = fields[_TOKENS].value[:count]
    known = set(tokens)
    merges = [
        merge
        for merge in fields[_MERGES].value
        if known.issuperset(merge.split(" ")) and merge.replace(" ", "") in known
    ]
    return {_TOKENS: tokens, _TYPES: fields[_TYPES].value[:count], _MERGES: merges}


def random_tensor(name: str, shape: tuple[int, ...], seed: int) -> FloatArray:
    """Normal draws with standard deviation 1/sqrt(inputs), more for the output; norms are ones."""
    if len(shape) == 1:
        return np.ones(shape, dtype=np.float32)
    random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    deviation = (_LOGIT_DEVIATION if name == "output.weight" else 1.0) / math.sqrt(shape[1])
    return random.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
