"""A database, a broker and a folder that nobody else uses, for processes started as in production.

DATABASE_URL and REDIS_URL say where PostgreSQL and Redis are (a database of our own is made in the one, an
empty numbered database is taken in the other). Without them: SQLite and the embedded Redis, the defaults.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from cryptography.fernet import Fernet
from psycopg import sql

from leaderboard.demo.processes import Child, running
from leaderboard.demo.redis import embedded_redis
from leaderboard.demo.surroundings import free_ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0


class Surroundings:
    """Where a site of the tests lives. `environment` is what its processes get."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**production(folder), "PORT": str(self.port), "WEB_CONCURRENCY": "1"}
        self.database = _database(folder, stack)
        if self.database is not None:
            self.environment["DATABASE_URL"] = self.database
        self.environment["REDIS_URL"] = _broker(folder, stack)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the site's database answers, asked past its code."""
        if self.database is not None:
            with psycopg.connect(self.database) as postgres:
                return postgres.execute(query).fetchall()
        with closing(sqlite3.connect(self.folder / "assay.sqlite3", timeout=20)) as lite:
            return lite.execute(query).fetchall()

    def write(self, statement: str) -> None:
        """One statement on the site's database, past its code: what time itself would have brought about."""
        if self.database is not None:
            with psycopg.connect(self.database) as postgres:
                postgres.execute(statement)
            return
        with closing(sqlite3.connect(self.folder / "assay.sqlite3", timeout=20)) as lite, lite:
            lite.execute(statement)

    def start(self, name: str, command: Sequence[str]) -> tuple[Child, ExitStack]:
        """A child with this environment; closing the stack stops it, the end of the tests does too."""
        own = self._stack.enter_context(ExitStack())
        log = self.folder / f"{name}.log"
        return own.enter_context(running(name, command, log=log, environment=self.environment)), own

    def do(self, command: Sequence[str], **variables: str) -> str:
        """Run to the end; what it said. Fails with its errors."""
        done = subprocess.run(
            command,
            env={**self.environment, **variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


def production(folder: Path) -> dict[str, str]:
    """The environment of a site that lives in `folder`, but for its database and broker."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", str(folder)),
        "ASSAY_STATE": str(folder),
        "DEBUG": "false",
        "HTTPS": "false",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "CREDENTIAL_KEYS": Fernet.generate_key().decode(),
    }


def procfile(name: str) -> list[str]:
    """A line of the Procfile, as a process manager runs it: the shell makes way for the process."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    commands = dict(line.split(": ", 1) for line in lines if ": " in line)
    become = "" if name == "release" else "exec "
    return ["sh", "-c", f"cd {ROOT} && {become}{commands[name]}"]


@contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Surroundings of their own; everything in them is ended and removed afterwards."""
    with ExitStack() as stack:
        yield Surroundings(folder, stack)


def until(
    condition: Callable[[], Any], what: str, *, children: Sequence[Child] = (), patience: float = PATIENCE
) -> Any:
    """The first true value of `condition`. Fails when a child ends or patience does."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for child in children:
            child.check()
        if value := condition():
            return value
        time.sleep(0.2)
    logs = "\n".join(child.last_lines() for child in children)
    raise AssertionError(f"after {patience:.0f} s still not: {what}\n{logs}")


def living(folder: Path) -> dict[int, str]:
    """The processes of this machine that were started for `folder`, with their command lines.

    They have it in their environment, or (Redis writes its title over that) in their command line.
    """
    mark = str(folder).encode()
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            command = (process / "cmdline").read_bytes()
            if command and mark in command + (process / "environ").read_bytes():
                found[int(process.name)] = command.replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def _database(folder: Path, stack: ExitStack) -> str | None:
    given = os.environ.get("DATABASE_URL")
    if not given:
        return None
    name = f"assay_functional_{secrets.token_hex(6)}"
    server = psycopg.connect(given, autocommit=True)
    stack.callback(server.close)
    server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    stack.callback(server.execute, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(given)._replace(path=f"/{name}"))


def _broker(folder: Path, stack: ExitStack) -> str:
    given = os.environ.get("REDIS_URL")
    if not given:
        stack.enter_context(embedded_redis(folder / "redis.sock", folder / "redis.log"))
        return f"redis+socket://{folder / 'redis.sock'}"
    for number in range(7, 0, -1):  # the upper half is for the tests' own workers (tests/conftest.py)
        url = urlunsplit(urlsplit(given)._replace(path=f"/{number}"))
        server = redis.Redis.from_url(url)
        if server.dbsize() == 0 and urlsplit(given).path != f"/{number}":
            stack.callback(server.close)
            stack.callback(server.flushdb)
            return url
        server.close()
    raise AssertionError(f"no empty database is left in the Redis at {given}")
