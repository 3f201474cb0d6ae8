"""Interrupting the demo at any point leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from leaderboard.demo.surroundings import free_ports
from tests.functional.surroundings import ROOT, living, until

pytestmark = pytest.mark.timeout(300)


class Demo:
    """A demo of its own folder, and what is alive of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log = folder / "said.log"
        self.logs = folder / "demo" / "log"
        self._folder = folder
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--only", "q8_0", *options],
                cwd=ROOT,
                env={**os.environ, "ASSAY_STATE": str(folder)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def alive(self) -> dict[int, str]:
        return living(self._folder)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def running(self, *words: str) -> bool:
        """Whether a process of the demo has each of these words in its command line."""
        assert self.process.poll() is None, self.said()
        commands = self.alive().values()
        return all(any(word in command for command in commands) for word in words)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGINT, ["leaderboard.demo.lab"]),
        (signal.SIGTERM, ["redis-server", "celery", "verifier.lab.child"]),
        (signal.SIGKILL, ["redis-server", "celery", "verifier.lab.child", "leaderboard.web_server"]),
    ],
    ids=["SIGINT as the lab starts", "SIGTERM once the worker runs", "SIGKILL of the manager"],
)
def test_an_interrupted_demo_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals, words: list[str]
) -> None:
    demo = Demo(
        tmp_path, "--port", str(free_ports(1)[0]), *([] if "leaderboard.web_server" in words else ["--once"])
    )
    try:
        until(lambda: demo.running(*words), f"the demo runs {words}", patience=120)
        demo.process.send_signal(number)
        status = demo.process.wait(30)
        until(lambda: not demo.alive(), "nothing is left", patience=60)
    finally:
        for left in demo.alive():
            os.kill(left, signal.SIGKILL)
        demo.process.wait()
    if number != signal.SIGKILL:
        assert status == 130
        assert "Stopped; nothing is left running." in demo.said()
        assert "Traceback" not in demo.said()


def test_a_second_demo_of_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = Demo(tmp_path, "--once")
    try:
        until(lambda: first.running("leaderboard.demo.lab"), "the first runs", patience=60)
        second = Demo(tmp_path, "--once")
        assert second.process.wait(60) == 1
        assert "Another demo is running" in second.said()
        assert first.running("leaderboard.demo.lab")
    finally:
        first.process.send_signal(signal.SIGINT)
        first.process.wait(30)
    until(lambda: not first.alive(), "nothing is left", patience=60)


def test_an_unknown_deployment_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--only", "q9_9"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Not among the judged deployments: q9_9. Those are: " in done.stderr
