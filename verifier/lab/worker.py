"""A build worker: `python -m verifier.lab.worker` reads recipe names from stdin, one a line, and builds each.

It answers each with one JSON line, `{"built": NAME, "seconds": S}` or `{"failed": NAME, "why": TEXT}`, and
ends at once when its stdin ends, which is also how it notices that whoever started it is gone.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from functools import cache

from verifier.lab import source, stranger
from verifier.lab.cache import VARIABLE, folder, locked, path_of, replacing
from verifier.lab.errors import LabError
from verifier.lab.gguf_file import ModelFile
from verifier.lab.make import make
from verifier.lab.recipes import RECIPES, Altered, Recipe
from verifier.lab.stranger import Stranger
from verifier.lab.weights import official

OFFICIAL = "official"


def build(name: str) -> None:
    """Make the weights of one recipe unless they are there; the official weights are made first if needed.

    Raises:
        LabError: the released model is missing.
        OSError: the cache folder cannot be written.
    """
    path = path_of(name)
    recipe = RECIPES[name]
    if not path.exists() and name != OFFICIAL and isinstance(recipe, Recipe):
        build(OFFICIAL)
    with locked(path):
        if path.exists():
            return
        with replacing(path) as temporary:
            if isinstance(recipe, Stranger):
                stranger.make(recipe, ModelFile(source.find()), temporary)
            elif name == OFFICIAL:
                released = ModelFile(source.find())
                make(recipe, released, lambda tensor: official(released, tensor), temporary)
            else:
                weights = _official_file()
                load = recipe.changing(weights.load) if isinstance(recipe, Altered) else weights.load
                make(recipe, weights, load, temporary)


@cache
def _official_file() -> ModelFile:
    return ModelFile(path_of(OFFICIAL))


def main() -> None:
    """Serve build requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            asked.put(line.strip())
        os._exit(0)  # in the middle of a file, too: its temporary file is removed by the next build

    threading.Thread(target=read, daemon=True).start()
    while True:
        name = asked.get()
        started = time.monotonic()
        try:
            build(name)
            answer = {"built": name, "seconds": round(time.monotonic() - started, 2)}
        except LabError as error:
            answer = {"failed": name, "why": str(error)}
        except OSError as error:
            place = f"the lab needs 16 GB in {folder()}, and {VARIABLE} names another place"
            answer = {"failed": name, "why": f"{error}; {place}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
