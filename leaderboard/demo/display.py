"""How far the demo is: moving bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from leaderboard.demo.stages import ENDED
from leaderboard.demo.table import fidelity, seconds, verdict
from verifier.models import Baseline, BaselineState, Run, RunState

PLAIN_EVERY_SECONDS = 10.0


class Display(AbstractContextManager["Display"]):
    """Shows the stages; remembers what it has told."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started = time.monotonic()
        self._told: set[str] = set()
        self._plain_due = 0.0
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[stage]}", markup=False, style="dim"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )

    def __enter__(self) -> Display:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def say(self, text: str) -> None:
        """One line, with the seconds since the start."""
        seconds = time.monotonic() - self._started
        self.console.print(f"[{seconds:4.0f} s] {text}", markup=False, highlight=False, soft_wrap=True)

    def lab(self, answering: int, expected: int, built: Sequence[tuple[int, int]]) -> None:
        """How many deployments answer, and how many weights files were built of how many to build."""
        done, total = sum(done for done, _ in built), sum(total for _, total in built)
        stage = f"weights built: {done} of {total}" if total else ""
        self._show("Lab", answering, expected, stage)
        if answering == expected:
            self._once(
                f"lab {expected}", f"The lab answers: {expected} deployments of a real language model."
            )

    def baseline(self, name: str, baseline: Baseline) -> None:
        """How far a recording is."""
        if baseline.state == BaselineState.READY:
            self._once(name, f"The {name} is recorded and calibrated: {baseline.done} answers.")
            self._hide(name)
        elif baseline.state == BaselineState.RECORDING:
            self._show(name, baseline.done, baseline.planned, baseline.stage)

    def runs(self, runs: Mapping[str, Run], expected: int) -> None:
        """Every run under way, and each verdict once."""
        ended = [run for run in runs.values() if run.state in ENDED]
        self._show("Verdicts", len(ended), expected, "")
        for run in runs.values():
            if run.state == RunState.RUNNING:
                self._show(f"  {run.endpoint.label}", run.done, run.planned, run.stage)
            elif run.state in ENDED:
                self._hide(f"  {run.endpoint.label}")
                words = f"{run.endpoint.label}: {verdict(run)}, fidelity {fidelity(run)}, {seconds(run)} s"
                self._once(str(run.pk), f"{words} {run.error}".rstrip())

    def _show(self, what: str, done: int, planned: int, stage: str) -> None:
        if self._bars is not None:
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=None, stage="")
            self._bars.update(self._tasks[what], completed=done, total=planned or None, stage=stage)
        elif time.monotonic() >= self._plain_due and done < planned:
            self._plain_due = time.monotonic() + PLAIN_EVERY_SECONDS
            self.say(f"{what.strip()}: {done} of {planned} {stage}".rstrip())

    def _hide(self, what: str) -> None:
        if self._bars is not None and what in self._tasks:
            self._bars.remove_task(self._tasks.pop(what))

    def _once(self, key: str, text: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self.say(text)
