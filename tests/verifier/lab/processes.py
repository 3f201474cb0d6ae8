"""Watch other processes end, without waiting longer than needed and without mistaking one for another."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from pathlib import Path


class Watched:
    """A process that exists now; its identity holds even when its number is given to another."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def __del__(self) -> None:
        os.close(self._descriptor)

    def ended(self, within: float) -> bool:
        """Whether it ends within so many seconds (0: whether it has ended)."""
        return bool(select.select([self._descriptor], [], [], within)[0])

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        signal.pidfd_send_signal(self._descriptor, number)


def children(pid: int | None = None) -> set[int]:
    """Process ids of the children of a process (this one if none is named), whichever thread started them."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            found.update(int(child) for child in (task / "children").read_text().split())
    return found
