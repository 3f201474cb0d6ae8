"""A build worker: `python -m verifier.lab.worker` reads recipe names from stdin, one a line, and builds each.

It answers each with one JSON line, `{"built": NAME, "seconds": S}` or `{"failed": NAME, "why": TEXT}`,
and ends when its stdin ends, which is also how it notices that whoever started it is gone.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache

from verifier.lab import source, stranger
from verifier.lab.cache import locked, path_of, replacing
from verifier.lab.errors import LabError
from verifier.lab.gguf_file import ModelFile
from verifier.lab.make import make
from verifier.lab.recipes import RECIPES, Recipe
from verifier.lab.stranger import Stranger
from verifier.lab.weights import official

OFFICIAL = "official"


def build(name: str) -> None:
    """Make the weights of one recipe unless they are there; the official weights are made first if needed."""
    path = path_of(name)
    if not path.exists() and name != OFFICIAL and isinstance(RECIPES[name], Recipe):
        build(OFFICIAL)
    with locked(path):
        if path.exists():
            return
        recipe = RECIPES[name]
        with replacing(path) as temporary:
            if isinstance(recipe, Stranger):
                stranger.make(recipe, ModelFile(source.find()), temporary)
            elif name == OFFICIAL:
                released = ModelFile(source.find())
                make(recipe, released, lambda tensor: official(released, tensor), temporary)
            else:
                weights = _official_file()
                make(recipe, weights, weights.load, temporary)


@cache
def _official_file() -> ModelFile:
    return ModelFile(path_of(OFFICIAL))


def main() -> None:
    """Serve build requests until stdin ends."""
    for line in sys.stdin:
        name = line.strip()
        started = time.monotonic()
        try:
            build(name)
            answer = {"built": name, "seconds": round(time.monotonic() - started, 2)}
        except (LabError, OSError) as error:
            answer = {"failed": name, "why": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
