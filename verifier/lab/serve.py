"""Serve deployments of the lab, each in a process of its own, and end every one of them whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from verifier.lab import build
from verifier.lab.cache import path_of
from verifier.lab.deployments import DEPLOYMENTS, Deployment
from verifier.lab.errors import LabError
from verifier.lab.source import MODEL

BOOT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A deployment that answers: its OpenAI-compatible base URL and the id of its process."""

    deployment: Deployment
    base_url: str
    pid: int
    model: str = MODEL


class Lab(Mapping[str, str]):
    """What is being served: a mapping from deployment name to base URL; `served` tells the rest."""

    def __init__(self, served: Mapping[str, Served]) -> None:
        self.served = dict(served)

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

    Args:
        names: deployments to serve, in this order.
        ports: fixed ports by deployment name; a free one where none is given.
        on_built: called as each missing weights file is finished.
        on_ready: called as each deployment answers.

    Raises:
        LabError: an unknown name, weights that cannot be built, a server that does not start.
    """
    wanted = [deployment(name) for name in dict.fromkeys(names)]
    build.ensure([one.name for one in wanted], on_built)
    with ExitStack() as stack:
        served = {}
        for one in wanted:
            served[one.name] = stack.enter_context(_served(one, (ports or {}).get(one.name, 0)))
            on_ready(served[one.name])
        yield Lab(served)


def deployment(name: str) -> Deployment:
    """The deployment of this name.

    Raises:
        LabError: there is none.
    """
    try:
        return DEPLOYMENTS[name]
    except KeyError:
        known = ", ".join(DEPLOYMENTS)
        raise LabError(f"the lab has no deployment {name!r}; it has: {known} (see `assay lab list`)") from None


@contextmanager
def _served(one: Deployment, port: int) -> Iterator[Served]:
    config = {
        "weights": str(path_of(one.weights)),
        "model": MODEL,
        "port": port,
        "options": one.options.as_json(),
        "parent": os.getpid(),
        # The kernel watches the thread that starts the child; only the main one lives as long as the process.
        "die_with_parent": threading.current_thread() is threading.main_thread(),
    }
    command = [sys.executable, "-m", "verifier.lab.child", json.dumps(config)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        try:
            yield Served(one, f"{_address(process, one, log)}/v1", process.pid)
        finally:
            _end(process)


def _address(process: subprocess.Popen[bytes], one: Deployment, log: tempfile._TemporaryFileWrapper[bytes]) -> str:
    """The URL the child reports, or an error with the end of its log."""
    assert process.stdout is not None
    deadline = threading.Timer(BOOT_SECONDS, process.kill)
    deadline.start()
    try:
        line = process.stdout.readline()
    finally:
        deadline.cancel()
    if line:
        return str(json.loads(line)["url"])
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()[-5:]
    raise LabError(f"the deployment {one.name!r} did not start within {BOOT_SECONDS:.0f} s: {' | '.join(said)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # it holds nothing that needs saving
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


