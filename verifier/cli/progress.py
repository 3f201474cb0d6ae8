"""Progress on stderr: a bar on a terminal, plain lines otherwise; the time left, and what is spent so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from verifier.runner import Progress

LINE_EVERY = 0.1
SURE_AFTER = 8
"""Requests after which the time that is left is told."""


class Reporter:
    """A context manager; `show` is handed to the runner.

    `expected` is the number of requests that the run was priced at. `spent` says in words what it has cost
    so far.
    """

    def __init__(self, expected: int = 0, spent: Callable[[], str] | None = None) -> None:
        self._console = Console(stderr=True)
        self._expected = expected
        self._spent = spent or (lambda: "")
        self._began = time.monotonic()
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[spent]}", markup=False),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None, spent="")
        self._told: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Show how far the run is; without a terminal a line at each new stage and each tenth."""
        planned = max(progress.planned, self._expected, progress.done)
        if self._console.is_terminal:
            self._bar.update(
                self._task,
                description=progress.stage,
                completed=progress.done,
                total=planned,
                spent=self._spent(),
            )
            return
        told = (progress.stage, int(progress.done / planned / LINE_EVERY))
        if told != self._told:
            self._told = told
            parts = [f"{progress.stage}: {progress.done} of about {planned} requests"]
            if progress.done >= SURE_AFTER and progress.done < planned:
                took = time.monotonic() - self._began
                parts.append(f"about {took / progress.done * (planned - progress.done):.0f} s left")
            parts.append(self._spent())
            print(", ".join(part for part in parts if part), file=self._console.file, flush=True)
