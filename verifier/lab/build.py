"""Build the weights of deployments into the cache, in the order they are needed, in one or two workers."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from verifier.lab import spawn
from verifier.lab.cache import forget_stale, path_of, touch
from verifier.lab.deployments import DEPLOYMENTS
from verifier.lab.errors import LabError

WORKERS = 2


@dataclass(frozen=True, slots=True)
class Built:
    """One weights file is there: its recipe, what it took in seconds, the how-manieth of how many."""

    recipe: str
    seconds: float
    done: int
    total: int


class Building:
    """A build under way: `wait_for` returns when a recipe's weights are there.

    Used through `building`, which ends its workers.
    """

    def __init__(self, recipes: Iterable[str], on_built: Callable[[Built], None]) -> None:
        """Start building those of `recipes` that are not in the cache, the first one first."""
        wanted = list(dict.fromkeys(recipes))
        self._there = {recipe for recipe in wanted if path_of(recipe).exists()}
        for recipe in self._there:
            touch(path_of(recipe))
        self._waiting = deque(recipe for recipe in wanted if recipe not in self._there)
        self._total = len(self._waiting)
        self._done = 0
        if self._waiting:  # new files are about to need room
            forget_stale()
        self._on_built = on_built
        self._selector = selectors.DefaultSelector()
        self._workers: list[subprocess.Popen[bytes]] = []
        for _ in range(min(WORKERS, os.cpu_count() or 1, self._total)):
            self._start_worker()

    def wait_for(self, recipe: str) -> None:
        """Block until the weights of `recipe` are built.

        Raises:
            LabError: some weights could not be made, with the reason.
        """
        while recipe not in self._there:
            for ready, _ in self._selector.select():
                self._hear(ready.data)

    def end(self) -> None:
        """Kill the workers; the next build removes what is left of a file half made."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            with worker:  # closes its pipes and waits
                pass
        self._selector.close()

    def _start_worker(self) -> None:
        worker = spawn.start("verifier.lab.worker")
        self._workers.append(worker)
        assert worker.stdout is not None
        self._selector.register(worker.stdout, selectors.EVENT_READ, worker)
        self._feed(worker)

    def _feed(self, worker: subprocess.Popen[bytes]) -> None:
        if self._waiting:
            assert worker.stdin is not None
            worker.stdin.write(f"{self._waiting.popleft()}\n".encode())
            worker.stdin.flush()

    def _hear(self, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stdout is not None
        line = worker.stdout.readline()
        if not line:
            raise LabError(
                "a build of the lab's weights was killed; is there 1 GB of memory free? Try again."
            )
        answer = json.loads(line)
        if "built" not in answer:
            raise LabError(f"the weights {answer['failed']!r} could not be built: {answer['why']}")
        self._feed(worker)
        self._there.add(answer["built"])
        self._done += 1
        self._on_built(Built(answer["built"], answer["seconds"], self._done, self._total))


def missing(names: Iterable[str]) -> list[str]:
    """The recipes that the named deployments need and the cache does not have, in order of need."""
    recipes = dict.fromkeys(recipe for name in names for recipe in DEPLOYMENTS[name].recipes)
    return [recipe for recipe in recipes if not path_of(recipe).exists()]


@contextmanager
def building(names: Iterable[str], on_built: Callable[[Built], None] = lambda _: None) -> Iterator[Building]:
    """Build, in order of need and in the background, what the named deployments need.

    Args:
        names: deployments, the first needed first.
        on_built: called from `wait_for` as each file that was missing is finished.
    """
    build = Building((recipe for name in names for recipe in DEPLOYMENTS[name].recipes), on_built)
    try:
        yield build
    finally:
        build.end()


def ensure(names: Iterable[str], on_built: Callable[[Built], None] = lambda _: None) -> None:
    """Build what the named deployments need; returns when all of it is there.

    Raises:
        LabError: some weights could not be made, with the reason.
    """
    wanted = list(names)
    with building(wanted, on_built) as build:
        for name in wanted:
            for recipe in DEPLOYMENTS[name].recipes:
                build.wait_for(recipe)
