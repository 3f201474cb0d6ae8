"""The demo from start to end: starts the processes, drives the server, shows progress, stops everything."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from rich.console import Console

from leaderboard.demo.display import Display
from leaderboard.demo.processes import Child, ChildFailed, Interrupted, ending, interruptible, running
from leaderboard.demo.rechecking import differing
from leaderboard.demo.redis import embedded_redis
from leaderboard.demo.stages import WORKERS, LabTalk, Stages, Stuck, needed_first, right
from leaderboard.demo.surroundings import AlreadyRunning, Surroundings, claimed, free_port_near, socket_path
from leaderboard.demo.table import build
from verifier.lab.deployments import DEPLOYMENTS
from verifier.models import Run

TICK_SECONDS = 0.4
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Options:
    """`port` is the site's; `once` stops after the table and serves no site."""

    port: int
    once: bool


def run(surroundings: Surroundings, options: Options, console: Console) -> int:
    """The whole demo. Exit status 0 when every verdict is right, 1 when not, 130 when interrupted before."""
    everything_right: bool | None = None
    try:
        with interruptible(), claimed(surroundings.folder), ExitStack() as stack:
            demo = _Demo(surroundings, options, console, stack)
            try:
                everything_right = demo.verify()
                if not options.once:
                    demo.serve()
            finally:
                ending()
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
        self._talks: list[LabTalk] = []
        self._served = 0
        self._port = options.port

    def verify(self) -> bool:
        """Start everything, verify what is judged, print the table; whether all verdicts are right."""
        with Display(self._console) as display:
            stages = self._start(display)
            while not self._step(display, stages):
                time.sleep(TICK_SECONDS)
        expected = stages.expected
        finished = {
            name: Run.objects.select_related("endpoint").get(pk=run.pk) for name, run in stages.runs().items()
        }
        self._console.print()
        tokens = {name: stages.tokens(name) for name in expected}
        self._console.print(build(stages.published(), finished, tokens))
        wrong = [name for name in expected if not right(DEPLOYMENTS[name], finished[name])]
        honest = sum(DEPLOYMENTS[name].role == "honest" for name in expected)
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
        return not wrong and (not self._options.once or self._rechecked(finished))

    def _rechecked(self, finished: Mapping[str, Run]) -> bool:
        """Judge all evidence again as another machine would, say so in a line; true where nothing differs."""
        others = differing(finished)
        if others:
            said = f"`assay recheck` gives another result of the evidence of: {', '.join(others)}."
        else:
            said = (
                f"`assay recheck` gives the same bytes from all {len(finished)} evidence bundles, in another "
                "time zone, locale and hash seed."
            )
        self._console.print(said, highlight=False, markup=False)
        return not others

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

    def _step(self, display: Display, stages: Stages) -> bool:
        """Look around once; True when all is judged."""
        for child in self._children:
            child.check()
        talks = [talk.listen() for talk in self._talks]
        ready = set().union(*(talk.ready for talk in talks))
        display.lab(len(ready), self._served, [talk.built for talk in talks])
        done = stages.advance(ready)
        rest = [name for name in self._around.ports if name not in self._first]
        if stages.short_is_ready and rest and len(talks) == 1:
            self._serve_lab(rest)
        for name, baseline in (("baseline", stages.short), ("longer baseline", stages.long)):
            if baseline is not None:
                display.baseline(name, baseline)
        if runs := stages.runs():
            display.runs(runs, len(stages.expected))
        return done

    def _start(self, display: Display) -> Stages:
        display.say("Starting: lab, database, Redis, worker.")
        self._serve_lab(self._first)
        call_command("migrate", verbosity=0, interactive=False)
        stages = Stages(self._around.ports)
        redis = embedded_redis(socket_path(self._around.folder), self._around.logs / "redis.log")
        self._children.append(self._stack.enter_context(redis))
        celery = [sys.executable, "-m", "celery", "-A", "leaderboard.celery", "worker", "--beat"]
        self._child("worker", [*celery, "--concurrency", str(WORKERS), "--loglevel", "INFO"])
        if not self._options.once:
            self._start_site(display)
        return stages

    @property
    def _first(self) -> list[str]:
        return needed_first(list(self._around.ports))

    def _serve_lab(self, names: Sequence[str]) -> None:
        """Serve these deployments in a process of their own."""
        self._around.logs.mkdir(parents=True, exist_ok=True)
        number = len(self._talks) + 1
        said = self._around.logs / f"lab-{number}.jsonl"
        ports = [f"{name}={self._around.ports[name]}" for name in names]
        with said.open("wb") as output:
            self._child(
                f"lab-{number}", [sys.executable, "-m", "leaderboard.demo.lab", *ports], stdout=output
            )
        self._talks.append(LabTalk(said))
        self._served += len(names)

    def _start_site(self, display: Display) -> None:
        call_command("collectstatic", verbosity=0, interactive=False)
        self._port = free_port_near(self._options.port)
        if self._port != self._options.port:
            display.say(f"Port {self._options.port} is taken; using {self._port}.")
        bound = {**os.environ, "WEB_BIND": "127.0.0.1", "PORT": str(self._port), "WEB_CONCURRENCY": "1"}
        self._child("site", [sys.executable, "-m", "leaderboard.web_server"], environment=bound)
        display.say(f"Watch it on {self._address}")
        password = secrets.token_urlsafe(9)
        get_user_model()._default_manager.create_superuser("operator", password=password)
        path = settings.ADMIN_PATH
        display.say(f"The operator's pages: {self._address}{path} (name operator, password {password})")

    def _child(self, name: str, command: Sequence[str], **streams: object) -> None:
        log = self._around.logs / f"{name}.log"
        child = running(name, command, log=log, **streams)  # type: ignore[arg-type]
        self._children.append(self._stack.enter_context(child))
