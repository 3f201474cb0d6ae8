"""Build the weights of deployments into the cache, in the order they are needed, in one or two workers."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from verifier.lab.cache import path_of
from verifier.lab.deployments import DEPLOYMENTS
from verifier.lab.errors import LabError

WORKERS = 2


@dataclass(frozen=True, slots=True)
class Built:
    """One weights file is there: its recipe, what it took in seconds (0 if it was there), how many of how many."""

    recipe: str
    seconds: float
    done: int
    total: int


def recipes_of(names: Iterable[str]) -> list[str]:
    """The recipes that the named deployments need, each once, in order of need."""
    return list(dict.fromkeys(DEPLOYMENTS[name].weights for name in names))


def missing(recipes: Iterable[str]) -> list[str]:
    """The recipes whose weights are not in the cache."""
    return [recipe for recipe in recipes if not path_of(recipe).exists()]


def ensure(names: Iterable[str], on_built: Callable[[Built], None] = lambda _: None) -> None:
    """Build what the named deployments need and is not in the cache; returns when all of it is there.

    Args:
        names: deployments, the first needed first.
        on_built: called in a worker's thread as each missing file is finished.

    Raises:
        LabError: a file could not be made; the others of the same call may have been.
    """
    wanted = missing(recipes_of(names))
    if not wanted:
        return
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for recipe in wanted:
        waiting.put(recipe)
    done = 0
    failures: list[str] = []
    lock = threading.Lock()

    def finished(recipe: str, seconds: float) -> None:
        nonlocal done
        with lock:
            done += 1
            on_built(Built(recipe, seconds, done, len(wanted)))

    def failed(why: str) -> None:
        with lock:
            failures.append(why)

    count = min(WORKERS, os.cpu_count() or 1, len(wanted))
    threads = [threading.Thread(target=_run_worker, args=(waiting, finished, failed)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise LabError(failures[0])


def _run_worker(
    waiting: queue.SimpleQueue[str], finished: Callable[[str, float], None], failed: Callable[[str], None]
) -> None:
    """Feed one worker process from the queue until it is empty or something fails."""
    command = [sys.executable, "-m", "verifier.lab.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        while True:
            try:
                recipe = waiting.get_nowait()
            except queue.Empty:
                return
            worker.stdin.write(recipe + "\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
            answer = json.loads(line) if line else {"why": f"the build of {recipe} ended without a word"}
            if "built" not in answer:
                failed(f"the weights {recipe!r} could not be built: {answer['why']}")
                return
            finished(recipe, answer["seconds"])
