from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from leaderboard.demo.processes import ChildFailed, Interrupted, ending, interruptible, running
from tests.functional.surroundings import living, until

GROUP = """
import subprocess, time
subprocess.Popen(["sleep", "300"])
print("up", flush=True)
time.sleep(300)
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + GROUP


@pytest.mark.parametrize("script", [GROUP, STUBBORN], ids=["polite", "deaf to SIGTERM"])
def test_a_child_ends_with_its_block_and_so_does_its_group(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leaderboard.demo.processes.STOP_SECONDS", 0.5)
    log = tmp_path / "child.log"
    environment = {**os.environ, "MARK": str(tmp_path)}
    with running("child", [sys.executable, "-c", script], log=log, environment=environment) as child:
        until(lambda: log.read_text(), "it is up", patience=20)
        child.check()
        assert len(living(tmp_path)) == 2
    assert living(tmp_path) == {}


def test_a_child_that_ended_by_itself_is_told_with_its_last_lines(tmp_path: Path) -> None:
    script = "import sys; [print('line', n) for n in range(40)]; sys.exit('no room left')"
    with running("printer", [sys.executable, "-c", script], log=tmp_path / "printer.log") as child:
        child.process.wait(20)
        with pytest.raises(ChildFailed) as caught:
            child.check()
    said = str(caught.value)
    assert said.startswith("The printer ended with status 1.\nThe last lines of ")
    assert said.endswith("  no room left")
    assert "line 39" in said
    assert "line 20" not in said


def test_a_killed_manager_takes_its_children_along(tmp_path: Path) -> None:
    manager = (
        "import sys, time\nfrom pathlib import Path\nfrom leaderboard.demo.processes import running\n"
        f"with running('child', ['sleep', '300'], log=Path({str(tmp_path)!r}) / 'log'): time.sleep(300)"
    )
    process = subprocess.Popen([sys.executable, "-c", manager], env={**os.environ, "MARK": str(tmp_path)})
    until(lambda: any("sleep" in command for command in living(tmp_path).values()), "it runs", patience=20)
    process.kill()
    process.wait()
    until(lambda: not living(tmp_path), "nothing is left", patience=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_never_comes_while_ending(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    ended = False
    with pytest.raises(Interrupted), interruptible():  # noqa: PT012
        try:
            signal.raise_signal(number)
        finally:
            ending()
            signal.raise_signal(number)
            ended = True
    assert ended
    assert signal.getsignal(number) == before


def test_an_interruption_that_is_dropped_comes_again() -> None:
    with pytest.raises(Interrupted), interruptible():  # noqa: PT012
        with suppress(Interrupted):  # as Python does in a destructor, or in a callback from C
            signal.raise_signal(signal.SIGINT)
        signal.pause()
