"""A PostgreSQL and a Redis of our own, to be killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from leaderboard.demo.redis import embedded_redis
from leaderboard.demo.surroundings import free_ports

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, a folder for each version."""


class Broker:
    """A Redis that keeps nothing on disk: whoever kills it empties it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._socket, self._log = folder / "redis.sock", folder / "redis.log"
        self._running = stack.enter_context(ExitStack())
        self.url = f"redis+socket://{self._socket}"
        self._start()

    def kill(self) -> None:
        """End it without a word, and start an empty one in its place."""
        self._process.kill()
        self._process.wait()
        self._running.close()
        self._start()

    def flush(self) -> None:
        """FLUSHALL."""
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            client.flushall()

    def _start(self) -> None:
        self._process = self._running.enter_context(embedded_redis(self._socket, self._log)).process


class Postgres:
    """A cluster in a folder of its own, on a port of its own, with PostgreSQL's own care for what is kept."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._data = programs, folder / "data"
        self.port = free_ports(1)[0]
        self.url = f"postgresql://assay@127.0.0.1:{self.port}/postgres"
        as_text = ("--encoding", "UTF8", "--locale", "C.UTF-8")
        self._do("initdb", "--pgdata", str(self._data), "--username", "assay", "--auth", "trust", *as_text)
        self._control("start", "--log", str(folder / "postgres.log"), "--options", self._options())

    def crash(self) -> None:
        """End all its processes at once, as a power cut would, and start it again."""
        self.stop()
        self._control("start", "--log", str(self._data.parent / "postgres.log"), "--options", self._options())

    def stop(self) -> None:
        """End it without waiting for anybody."""
        self._control("stop", "--mode", "immediate")

    def _options(self) -> str:
        return f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories=''"

    def _control(self, *what: str) -> None:
        self._do("pg_ctl", "--pgdata", str(self._data), "--wait", *what)

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A cluster while the block runs. Raises RuntimeError when PostgreSQL is not installed."""
    found = sorted(INSTALLED.glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise RuntimeError(
            "No PostgreSQL server is installed. On Debian or Ubuntu: apt-get install postgresql"
        )
    programs = found[-1] if found else Path(str(on_path)).parent
    with tempfile.TemporaryDirectory(prefix="assay-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        cluster = Postgres(programs, folder)
        try:
            yield cluster
        finally:
            cluster.stop()
