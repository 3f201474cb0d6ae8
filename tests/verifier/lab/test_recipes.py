"""A recipe's key stands for everything that decides the file's bytes, in every process alike."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial

from verifier.lab import alter, quantize
from verifier.lab.gguf_file import type_of
from verifier.lab.recipes import RECIPES, Altered, Recipe, key

INT4 = Recipe("int4-g64", matrix=partial(quantize.int_groups, bits=4, group=64))


def test_every_change_of_a_recipe_changes_its_key() -> None:
    changed = [
        replace(INT4, matrix=partial(quantize.int_groups, bits=4, group=32)),
        replace(INT4, matrix=partial(quantize.int_groups, bits=5, group=64)),
        replace(INT4, matrix=partial(quantize.int_groups_with_offset, bits=4, group=64)),
        replace(INT4, matrix=quantize.fp8_per_row),
        replace(INT4, matrix=None),
        replace(INT4, heads=((1, 2),)),
        replace(INT4, layers=(3,)),
        replace(INT4, storage=type_of.BF16),
        replace(INT4, embedding=type_of.BF16),
        INT4,
    ]
    assert len({key(recipe) for recipe in changed}) == len(changed)
    assert key(INT4) == key(RECIPES["int4-g64"])


def test_altered_recipes_have_keys_of_their_own() -> None:
    noisy = Altered("noise", change=partial(alter.noise, share=0.01, seed=1))
    changed = [
        noisy,
        replace(noisy, change=partial(alter.noise, share=0.02, seed=1)),
        replace(noisy, change=partial(alter.noise, share=0.01, seed=2)),
        replace(noisy, change=alter.two_of_four),
        replace(noisy, change=None),
        Recipe("noise"),
    ]
    assert len({key(recipe) for recipe in changed}) == len(changed)


def test_keys_are_the_same_in_every_process() -> None:
    program = "from verifier.lab.recipes import RECIPES, key; print(*map(key, RECIPES.values()))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [key(recipe) for recipe in RECIPES.values()]


def test_recipes_are_found_under_their_names() -> None:
    assert all(name == recipe.name for name, recipe in RECIPES.items())
    assert len({key(recipe) for recipe in RECIPES.values()}) == len(RECIPES)
