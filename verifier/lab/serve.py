"""Serve deployments of the lab, each in a process of its own, and end every one of them whatever happens."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from verifier.lab import build, spawn
from verifier.lab.cache import path_of
from verifier.lab.deployments import DEPLOYMENTS, Deployment
from verifier.lab.errors import LabError
from verifier.lab.front import COUNT_PATH
from verifier.lab.source import MODEL

_BOOT_SECONDS = 120.0
_BOOTING_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Served:
    """A deployment that answers: its OpenAI-compatible base URL, its process id, the model's name."""

    deployment: Deployment
    base_url: str
    pid: int
    model: str = MODEL

    def requests(self) -> dict[str, int]:
        """What it was asked since it started: `requests`, `answered`, `distinct` (see front.py)."""
        url = self.base_url.removesuffix("/v1") + COUNT_PATH
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10) as answer:
            counts: dict[str, int] = json.load(answer)
        return counts


class Lab(Mapping[str, str]):
    """What is being served: a mapping from deployment name to base URL; `served` tells the rest."""

    def __init__(self) -> None:
        self.served: dict[str, Served] = {}

    def __getitem__(self, name: str) -> str:
        return self.served[name].base_url

    def __iter__(self) -> Iterator[str]:
        return iter(self.served)

    def __len__(self) -> int:
        return len(self.served)


@contextmanager
def serving(
    names: Iterable[str],
    *,
    ports: Mapping[str, int] | None = None,
    on_built: Callable[[build.Built], None] = lambda _: None,
    on_ready: Callable[[Served], None] = lambda _: None,
) -> Iterator[Lab]:
    """Build what is missing, serve the named deployments, and end them when the block ends.

    Each deployment is served as soon as its own weights are there, in the order given, so `on_ready` hears of
    the first one while the weights of the later ones are still being built.

    Args:
        names: deployments to serve.
        ports: fixed ports by deployment name; a free one where none is given.
        on_built: called as each missing weights file is finished.
        on_ready: called as each deployment answers.

    Raises:
        LabError: an unknown name, weights that cannot be built, a server that does not start.
    """
    wanted = [deployment(name) for name in dict.fromkeys(names)]
    lab = Lab()
    started: list[_Process] = []

    def answered(process: _Process) -> None:
        served = process.wait_until_it_answers()
        lab.served[served.deployment.name] = served
        on_ready(served)

    try:
        with build.building((one.name for one in wanted), on_built) as files:
            for number, one in enumerate(wanted):
                for recipe in one.recipes:
                    files.wait_for(recipe)
                if number >= _BOOTING_AT_ONCE:
                    answered(started[number - _BOOTING_AT_ONCE])
                started.append(_Process(one, (ports or {}).get(one.name, 0)))
            for process in started[len(lab) :]:
                answered(process)
        yield lab
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.close()


def deployment(name: str) -> Deployment:
    """The deployment of this name.

    Raises:
        LabError: there is none.
    """
    try:
        return DEPLOYMENTS[name]
    except KeyError:
        known = ", ".join(DEPLOYMENTS)
        raise LabError(
            f"the lab has no deployment {name!r}; it has: {known} (see `assay lab list`)"
        ) from None


class _Process:
    """The process of one deployment."""

    def __init__(self, one: Deployment, port: int) -> None:
        config = {
            "weights": [str(path_of(recipe)) for recipe in one.recipes],
            "model": MODEL,
            "port": port,
            "options": one.options.as_json(),
            "access": one.access.as_json(),
            "behaviour": None if one.proxy is None else one.proxy.behaviour,
            "parent": os.getpid(),
            # The kernel watches the thread that starts the child: only the main one outlives all use.
            "die_with_parent": threading.current_thread() is threading.main_thread(),
        }
        self._deployment = one
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed in `close`)
        self._process = spawn.start("verifier.lab.child", json.dumps(config), stderr=self._log)

    def wait_until_it_answers(self) -> Served:
        """Block until the deployment says where it listens.

        Raises:
            LabError: it ended instead, or took longer than two minutes; with the end of its log.
        """
        assert self._process.stdout is not None
        deadline = threading.Timer(_BOOT_SECONDS, self._process.kill)
        deadline.start()
        try:
            line = self._process.stdout.readline()
        finally:
            deadline.cancel()
        said = json.loads(line) if line else {"error": self._end_of_log()}
        if "port" not in said:
            raise LabError(f"the lab's deployment {self._deployment.name!r} did not start: {said['error']}")
        return Served(self._deployment, f"http://127.0.0.1:{said['port']}/v1", self._process.pid)

    def kill(self) -> None:
        """End it at once; it holds nothing that needs saving."""
        self._process.kill()

    def close(self) -> None:
        """Wait for its end and release what belongs to it."""
        with self._process:  # closes the pipes and waits
            self._log.close()

    def _end_of_log(self) -> str:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return " | ".join(lines[-3:]) or f"it ended with status {self._process.returncode} and no word"
