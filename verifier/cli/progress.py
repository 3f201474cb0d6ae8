"""Progress on stderr: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from verifier.runner import Progress

LINE_EVERY = 0.1


class Reporter:
    """A context manager; `show` is handed to the runner."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)
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
        if self._console.is_terminal:
            self._bar.update(
                self._task, description=progress.stage, completed=progress.done, total=progress.planned
            )
            return
        told = (progress.stage, int(progress.done / progress.planned / LINE_EVERY))
        if told != self._told:
            self._told = told
            line = f"{progress.stage}: {progress.done} of about {progress.planned} requests"
            print(line, file=self._console.file, flush=True)
