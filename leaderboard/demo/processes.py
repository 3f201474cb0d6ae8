"""Child processes that never outlive the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

from leaderboard.lifetimes import die_with_parent

STOP_SECONDS = 5.0
AGAIN_SECONDS = 0.5
LAST_LINES = 15


class Interrupted(BaseException):
    """Somebody asked the whole thing to stop. Not an Exception, so that no handler keeps it from ending."""


class ChildFailed(Exception):
    """A child process ended by itself; the message has the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child: its name for messages and its log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ChildFailed when it has ended."""
        if (status := self.process.poll()) is not None:
            raise ChildFailed(f"The {self.name} ended with status {status}.\n{self.last_lines()}")

    def last_lines(self) -> str:
        """The end of its log, for a message."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"The last lines of {self.log}:", *(f"  {line}" for line in lines[-LAST_LINES:])])


INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ending() -> None:
    """Say within `interruptible` that the end has begun: from here on nothing interrupts it."""
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block SIGINT, SIGTERM and SIGHUP raise Interrupted.

    Python drops an exception that is raised in a destructor or in a callback from C, so Interrupted is
    raised again and again until somebody says that the `ending` has begun.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in (*INTERRUPTS, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    stdout: IO[bytes] | int | None = None,
) -> Iterator[Child]:
    """Run `command` in a process group of its own while the block runs; what it says goes to `log`.

    Must be called from the main thread: the kernel ties the child's life to the thread that starts it, so
    that even a killed manager leaves nothing running.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output if stdout is None else stdout,
            stderr=output,
            env=dict(os.environ if environment is None else environment),
            preexec_fn=partial(die_with_parent, os.getpid()),
            start_new_session=True,
        )
    try:
        yield Child(name, process, log)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its group: politely, then at once."""
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # The group's members are reaped by others; wait until none is left, so that "stopped" is true.
    deadline = time.monotonic() + STOP_SECONDS
    while _group_lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
