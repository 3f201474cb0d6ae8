"""What the tests of the command line share: baseline files of the core suite, and ways to call a command."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.verifier.small_world import HONEST, INT8
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline import files
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline, Role
from verifier.baseline.record import record
from verifier.cli.main import main
from verifier.suites import load

ENOUGH = 140
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: its exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on stderr: the one clear line."""
        return self.err.splitlines()[-1]


@cache
def baseline(prompts: int = 30) -> Baseline:
    """Of the core suite, with two honest stacks and one rung, made without a network."""
    core = load("core")
    found = converse(record(core, model="toy", prompts=prompts), Synthetic())
    for label, noise, role in (
        ("a", HONEST, Role.HONEST),
        ("b", HONEST, Role.HONEST),
        ("INT8", INT8, Role.RUNG),
    ):
        quantization = "int8" if role is Role.RUNG else None
        dialogue = calibrate(found, core, name=label, label=label, role=role, quantization=quantization)
        found = converse(dialogue, Synthetic(noise=noise, stack=label))
    return found


@pytest.fixture(scope="session")
def baseline_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough to accuse; read quickly."""
    path = tmp_path_factory.mktemp("baseline") / "baseline.json"
    files.write(baseline(), path)
    return path


@pytest.fixture(scope="session")
def large_baseline_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for `faithful`."""
    path = tmp_path_factory.mktemp("baseline") / "large.json"
    files.write(baseline(ENOUGH), path)
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> Said:
    """`assay ARGUMENTS` in this process."""
    capsys.readouterr()
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    return Said(status, said.out, said.err)


def process(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """`python -m verifier ARGUMENTS` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "verifier", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(running: subprocess.Popen[str]) -> Said:
    out, err = running.communicate(timeout=60)
    return Said(running.returncode, out, err)
