"""The processes that are killed, two workers and beat as the Procfile starts them, and the model they ask."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from leaderboard.demo.processes import Child, running
from tests.functional.surroundings import ROOT, living, procfile, production

SERVICES = {"worker-a": "worker", "worker-b": "worker", "beat": "beat"}
"""Process -> its line of the Procfile."""


class Site:
    """Started processes; `keep_up` starts again what has ended."""

    def __init__(self, folder: Path, environment: Mapping[str, str], stack: ExitStack) -> None:
        self._folder, self._environment = folder, environment
        self._children: dict[str, tuple[Child, ExitStack]] = {}
        self._stack = stack

    def start(self) -> None:
        """All of them."""
        for name in SERVICES:
            self._start(name)

    def keep_up(self) -> None:
        """What a process manager does."""
        for name, (child, own) in list(self._children.items()):
            if child.process.poll() is not None:
                own.close()
                self._start(name)

    def kill_a_worker(self, draw: random.Random) -> int:
        """SIGKILL one process of the workers, a main one or one of a pool; which one."""
        commands = living(self._folder)
        victim = draw.choice(sorted(number for number, said in commands.items() if " worker " in said))
        os.kill(victim, signal.SIGKILL)
        return victim

    def _start(self, name: str) -> None:
        own = self._stack.enter_context(ExitStack())
        log = self._folder / f"{name}.log"
        command = procfile(SERVICES[name])
        child = own.enter_context(running(name, command, log=log, environment=self._environment))
        self._children[name] = child, own


@contextmanager
def site(folder: Path, database: str, broker: str, runs: int) -> Iterator[tuple[Site, int]]:
    """A site with so many queued runs, its processes not started yet, and the port of the model."""
    with ExitStack() as stack:
        environment = {
            **production(folder),
            "DATABASE_URL": database,
            "REDIS_URL": broker,
            "WORKER_CONCURRENCY": "2",
        }
        command = [sys.executable, "-m", "tests.chaos.stub"]
        log = folder / "stub.log"
        for_stub = {**environment, "PYTHONPATH": str(ROOT)}
        stub = stack.enter_context(
            running("model", command, log=log, environment=for_stub, stdout=subprocess.PIPE)
        ).process
        assert stub.stdout is not None
        port = int(stub.stdout.readline())
        environment["EGRESS_ALLOW"] = f"127.0.0.1:{port}"
        for step in (procfile("release"), [sys.executable, "-m", "tests.chaos.world", str(port), str(runs)]):
            subprocess.run(step, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        yield Site(folder, environment, stack), port
