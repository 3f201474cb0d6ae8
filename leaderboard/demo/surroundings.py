"""Where the demo lives: its folder, its ports, and the environment that all its processes share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key

from leaderboard.environment import kept_secret

MARK = "ASSAY_DEMO_PORTS"
PORTS = range(20_000, 26_000)
"""Where the demo's ports are taken from."""
LONGEST_SOCKET_PATH = 100
KEPT = {"lock", "secret_key", "credential_keys"}


class AlreadyRunning(Exception):
    """Another demo uses the folder."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`ports` are the lab's, by deployment name."""

    folder: Path
    ports: Mapping[str, int]

    @property
    def logs(self) -> Path:
        return self.folder / "log"


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the demo's folder, emptied of what an earlier demo measured. Raises AlreadyRunning."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Another demo is running in {folder}. Stop it first.") from None
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in KEPT:
                path.unlink()
        yield


def environment(folder: Path, names: list[str], given: Mapping[str, str]) -> dict[str, str]:
    """The environment of every process of the demo: `given` with Assay's own variables set anew.

    The lab's ports are chosen now, since the workers may only reach what they are told at start.
    """
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    ours = {
        "ASSAY_STATE": str(folder),
        "DEBUG": "false",
        "HTTPS": "false",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SECRET_KEY": kept_secret(folder / "secret_key", get_random_secret_key),
        "CREDENTIAL_KEYS": kept_secret(folder / "credential_keys", lambda: Fernet.generate_key().decode()),
        "REDIS_URL": f"redis+socket://{socket_path(folder)}",
        "EGRESS_ALLOW": ",".join(f"127.0.0.1:{port}" for port in ports.values()),
        MARK: ",".join(f"{name}={port}" for name, port in ports.items()),
    }
    left_out = {"DATABASE_URL", "PROXY_COUNT", "ADMIN_PATH", "ADMIN_NETWORKS", "RUN_CONCURRENCY", "RUN_PLAN"}
    left_out |= {"ASSAY_HIDDEN_POOL", "MONITOR_PROBES_PER_DAY"}
    return {name: value for name, value in given.items() if name not in left_out} | ours


def inside(given: Mapping[str, str]) -> Surroundings | None:
    """The surroundings that `environment` made, when this process runs in them."""
    if MARK not in given:
        return None
    pairs = (pair.split("=") for pair in given[MARK].split(","))
    return Surroundings(Path(given["ASSAY_STATE"]), {name: int(port) for name, port in pairs})


def socket_path(folder: Path) -> Path:
    """Where the embedded Redis listens: in the folder, or elsewhere if that is too deep for a Unix socket."""
    path = folder / "redis.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.gettempdir()) / f"assay-{os.getpid()}.sock"


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now, all different.

    They lie below the ports that a system hands out by itself: between now and their use, no connection and
    no other program's "any free port" takes one of them.
    """
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in random.SystemRandom().sample(PORTS, len(PORTS)):
            if len(found) == count:
                break
            one = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
    return found


def free_port_near(wanted: int) -> int:
    """`wanted`, or a free port when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_ports(1)[0]
    return wanted
