from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.verifier.cli.commands import ROOT, call

COMMANDS = ("record", "calibrate", "verify", "recheck", "check-url", "lab")


def test_every_command_has_help_that_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    said = call(capsys, "--help")
    assert said.status == 0
    for command in COMMANDS:
        assert command in said.out
        helped = call(capsys, command, "--help")
        assert helped.status == 0
        assert helped.out.startswith(f"usage: assay {command}")


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version").out == f"assay {version('assay')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--nonsense"],
        ["judge"],
        ["verify"],
        [
            "verify",
            "--baseline",
            "b.json",
            "--base-url",
            "http://127.0.0.1:1",
            "--model",
            "m",
            "--alpha",
            "high",
        ],
        [
            "verify",
            "--baseline",
            "b.json",
            "--base-url",
            "http://127.0.0.1:1",
            "--model",
            "m",
            "--max-tokens",
            "0",
        ],
        [
            "verify",
            "--baseline",
            "b.json",
            "--base-url",
            "http://127.0.0.1:1",
            "--model",
            "m",
            "--seed",
            "-1",
        ],
        [
            "verify",
            "--baseline",
            "b.json",
            "--base-url",
            "http://127.0.0.1:1",
            "--model",
            "m",
            "--deadline",
            "0",
        ],
        [
            "verify",
            "--baseline",
            "b.json",
            "--base-url",
            "http://127.0.0.1:1",
            "--model",
            "m",
            "--concurrency",
            "-2",
        ],
        ["record", "--base-url", "http://127.0.0.1:1", "--model", "m"],
        ["record", "--base-url", "http://127.0.0.1:1", "--model", "m", "-o", "b.json", "--seed", "-1"],
        ["recheck", "--baseline", "b.json"],
    ],
    ids=lambda arguments: " ".join(arguments[:1] + arguments[-2:]),
)
def test_bad_arguments_end_with_3_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = call(capsys, *arguments)
    assert said.status == 3
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("assay")
    assert "--help" in said.err


def test_the_command_line_starts_without_django_and_celery() -> None:
    """It needs no database, no server and no settings of theirs."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['django', 'celery', 'redis', 'psycopg']));"
        "from verifier.cli.main import main; sys.exit(main(['recheck', 'x', '--baseline', 'no-such-file']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 3
    assert run.stderr.startswith("assay: cannot read the baseline no-such-file")


def test_the_console_script_is_installed() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("assay"), "--version"], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout) == (0, f"assay {version('assay')}\n")
