"""`assay lab`, run as a person or a script runs it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import urllib.request
from itertools import groupby
from pathlib import Path

import pytest

from tests.verifier.lab.processes import Watched
from verifier.cli.main import main
from verifier.lab.cache import VARIABLE
from verifier.lab.commands import by_role
from verifier.lab.deployments import DEPLOYMENTS

ASSAY = [sys.executable, "-m", "verifier"]


@pytest.mark.parametrize("wanted", ["plain", "json"])
def test_list_says_what_was_done_to_each(capsys: pytest.CaptureFixture[str], wanted: str) -> None:
    assert main(["lab", "list", *(["--json"] if wanted == "json" else [])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(DEPLOYMENTS)
    for line, one in zip(lines, by_role(), strict=True):
        if wanted == "json":
            told = json.loads(line)
            assert (told["name"], told["role"], told["what"]) == (one.name, one.role, one.what)
        else:
            assert line.startswith(one.name)
            assert line.endswith(one.what)


def test_roles_are_listed_together() -> None:
    roles = [one.role for one in by_role()]
    assert len(list(groupby(roles))) == len(set(roles))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["build"], "name one or more deployments, or give --all"),
        (["serve", "q8_0", "--all"], "name one or more deployments, or give --all"),
        (["serve", "nope"], "no deployment 'nope'"),
        (["serve", "q8_0", "f32", "--port", "8081"], "--port 8081 fits one deployment, not 2"),
    ],
)
def test_mistakes_are_explained(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(["lab", *arguments]) == 3
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "http", "²"])
def test_a_port_is_a_port(capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit):
        main(["lab", "serve", "q8_0", "--port", port])
    assert "expected a port" in capsys.readouterr().err


def test_build_tells_each_file_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert main(["lab", "build", "stranger"]) == 0
    assert capsys.readouterr().err.startswith("[1/1] built stranger in ")
    assert main(["lab", "build", "stranger"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_serve_tells_where_and_ends_with_a_signal(end: signal.Signals) -> None:
    command = [*ASSAY, "lab", "serve", "stranger", "q8_0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        told = [json.loads(serving.stdout.readline()) for _ in range(3)]
        assert [one.get("name") for one in told] == ["stranger", "q8_0", None]
        assert told[2] == {"ready": True}
        assert set(told[0]) == {"name", "role", "quantization", "cause", "what", "base_url", "model", "pid"}
        with urllib.request.urlopen(f"{told[0]['base_url']}/models", timeout=10) as answer:
            assert json.load(answer)["data"][0]["id"] == told[0]["model"]
        deployments = [Watched(one["pid"]) for one in told[:2]]
        serving.send_signal(end)
        assert serving.wait(20) == 0
    assert all(one.ended(within=0) for one in deployments)


@pytest.mark.parametrize(
    ("arguments", "expected"), [(["list"], "what was done"), (["build", "stranger"], "building weights")]
)
def test_a_terminal_gets_a_table_and_a_bar(tmp_path: Path, arguments: list[str], expected: str) -> None:
    control, terminal = pty.openpty()
    environment = {**os.environ, VARIABLE: str(tmp_path), "TERM": "xterm", "COLUMNS": "120"}
    command = [*ASSAY, "lab", *arguments]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as assay:
        os.close(terminal)
        said = b"".join(iter(lambda: read_terminal(control), b""))
    os.close(control)
    assert assay.returncode == 0
    assert expected in said.decode()


def read_terminal(control: int) -> bytes:
    """What was written to a terminal; nothing once its last user has closed it (Linux says so with EIO)."""
    try:
        return os.read(control, 65536)
    except OSError:
        return b""
