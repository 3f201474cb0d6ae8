"""The demo from start to end: starts the processes, drives the server, shows progress, stops everything."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from django.core.management import call_command
from rich.console import Console

from leaderboard.demo.display import Display
from leaderboard.demo.processes import Child, ChildFailed, Interrupted, interruptible, running
from leaderboard.demo.redis import embedded_redis
from leaderboard.demo.stages import ROLES, Board, LabTalk, over, right
from leaderboard.demo.surroundings import AlreadyRunning, Surroundings, claimed, free_port_near, socket_path
from leaderboard.demo.table import build
from verifier.lab.deployments import DEPLOYMENTS
from verifier.models import BaselineState, Run

TICK_SECONDS = 0.4
INTERRUPTED = 130


class Stuck(Exception):
    """The demo can't go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """`port` is the site's; `once` stops after the table; `names` are the deployments served."""

    port: int
    once: bool


def judged(names: Sequence[str]) -> list[str]:
    """Those of `names` that are judged, in the lab's order."""
    return [name for name in names if DEPLOYMENTS[name].role not in ROLES]


def calibrating() -> list[str]:
    """The reference and what calibrates, in the lab's order: always served."""
    return [name for name, one in DEPLOYMENTS.items() if one.role in ROLES]


def run(surroundings: Surroundings, options: Options, console: Console) -> int:
    """The whole demo. Exit status 0 when every verdict is right, 1 when not, 130 when interrupted before."""
    everything_right: bool | None = None
    try:
        with interruptible(), claimed(surroundings.folder), ExitStack() as stack:
            demo = _Demo(surroundings, options, console, stack)
            everything_right = demo.verify()
            if not options.once:
                demo.serve()
    except Interrupted:
        console.print("\nStopped; nothing is left running.", highlight=False)
        return INTERRUPTED if everything_right is None else int(not everything_right)
    except (AlreadyRunning, ChildFailed, Stuck) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    return int(not everything_right)


class _Demo:
    def __init__(
        self, surroundings: Surroundings, options: Options, console: Console, stack: ExitStack
    ) -> None:
        self._around = surroundings
        self._options = options
        self._console = console
        self._stack = stack
        self._children: list[Child] = []
        self._board = Board()
        self._port = options.port

    def verify(self) -> bool:
        """Start everything, verify what is judged, print the table; whether all verdicts are right."""
        expected = judged(list(self._around.ports))
        with Display(self._console) as display:
            lab = self._start(display)
            while True:
                for child in self._children:
                    child.check()
                for deployment in lab.listen():
                    self._board.register(deployment)
                display.lab(len(lab.deployments), len(self._around.ports), lab.built)
                self._advance(display, lab, expected)
                runs = self._board.states()
                if self._board.runs:
                    display.runs(runs, len(expected))
                if over(runs, expected):
                    break
                time.sleep(TICK_SECONDS)
        finished = {name: Run.objects.select_related("endpoint").get(pk=run.pk) for name, run in runs.items()}
        self._console.print()
        self._console.print(build(self._board.published(), finished, lab.deployments))
        wrong = [name for name in expected if not right(lab.deployments[name], finished[name])]
        honest = sum(lab.deployments[name].role == "honest" for name in expected)
        if wrong:
            self._console.print(
                f"{len(wrong)} of {len(expected)} are not as they should be: {', '.join(wrong)}."
            )
        else:
            self._console.print(
                f"All {len(expected)} verdicts are as they should be: {honest} honest deployments faithful, "
                f"{len(expected) - honest} degraded ones found out.",
                highlight=False,
            )
        return not wrong

    def serve(self) -> None:
        """Keep everything running until Ctrl-C."""
        self._console.print(f"\nThe board is on {self._address}  (Ctrl-C stops everything)", highlight=False)
        while True:
            for child in self._children:
                child.check()
            time.sleep(1)

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def _start(self, display: Display) -> LabTalk:
        display.say("Starting: database, Redis, worker, lab.")
        logs = self._around.logs
        logs.mkdir(parents=True, exist_ok=True)
        said = logs / "lab.jsonl"
        ports = [f"{name}={port}" for name, port in self._around.ports.items()]
        with said.open("wb") as output:
            # First, since building the weights takes longest.
            lab = [sys.executable, "-m", "leaderboard.demo.lab", *ports]
            self._child("lab", lab, stdout=output)
        call_command("migrate", verbosity=0, interactive=False)
        redis = embedded_redis(socket_path(self._around.folder), logs / "redis.log")
        self._children.append(self._stack.enter_context(redis))
        celery = [sys.executable, "-m", "celery", "-A", "leaderboard.celery"]
        self._child("worker", [*celery, "worker", "--beat", "--concurrency", "2", "--loglevel", "INFO"])
        if not self._options.once:
            self._start_site(display)
        return LabTalk(said)

    def _start_site(self, display: Display) -> None:
        call_command("collectstatic", verbosity=0, interactive=False)
        self._port = free_port_near(self._options.port)
        if self._port != self._options.port:
            display.say(f"Port {self._options.port} is taken; using {self._port}.")
        gunicorn = [sys.executable, "-m", "gunicorn", "leaderboard.wsgi", "--no-control-socket"]
        self._child("site", [*gunicorn, "--bind", f"127.0.0.1:{self._port}", "--threads", "4"])
        display.say(f"Watch it on {self._address}")

    def _child(self, name: str, command: Sequence[str], **streams: object) -> None:
        log = self._around.logs / f"{name}.log"
        child = running(name, command, log=log, **streams)  # type: ignore[arg-type]
        self._children.append(self._stack.enter_context(child))

    def _advance(self, display: Display, lab: LabTalk, expected: Sequence[str]) -> None:
        """Queue whatever has become possible."""
        baseline = self._board.refresh()
        if baseline is None:
            if all(name in lab.deployments for name in calibrating()):
                self._board.record()
            return
        display.baseline(baseline)
        if baseline.state == BaselineState.FAILED:
            raise Stuck(f"The baseline could not be recorded: {baseline.error}")
        if baseline.state == BaselineState.READY:
            self._board.queue(expected)
