"""Building: once, whole, the same every time, also when two build at once or one is killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier.lab.processes import Watched, children
from verifier.lab import build
from verifier.lab.cache import VARIABLE, path_of
from verifier.lab.errors import LabError

CHEAP = "stranger"
"""A deployment whose weights need no other file and take about two seconds."""


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "lab"))
    return tmp_path / "lab"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_builds_at_once_make_one_file_and_the_same_bytes_as_a_third(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = "from verifier.lab import build; build.ensure(['stranger'], print)"
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)]
    for one in both:
        assert one.communicate()[0].startswith(b"Built(recipe='stranger'")
        assert one.returncode == 0
    once = digest(path_of(CHEAP))
    assert not list(cache.glob(".*"))

    monkeypatch.setenv(VARIABLE, str(tmp_path / "again"))
    told: list[build.Built] = []
    build.ensure([CHEAP, CHEAP], told.append)
    assert [(one.recipe, one.done, one.total) for one in told] == [("stranger", 1, 1)]
    assert digest(path_of(CHEAP)) == once
    build.ensure([CHEAP], told.append)
    assert len(told) == 1  # it was there


def test_a_killed_build_leaves_no_worker_and_the_next_one_succeeds(cache: Path) -> None:
    program = (
        "from verifier.lab import build\n"
        "with build.building(['int4-g64', 'f32']) as under_way:\n"
        "    print('started', flush=True)\n"
        "    under_way.wait_for('f32')"
    )
    builder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    with builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"started\n"
        workers = [Watched(pid) for pid in children(builder.pid)]
        assert len(workers) == min(2, os.cpu_count() or 1)
        builder.send_signal(signal.SIGKILL)
    assert all(worker.ended(within=20) for worker in workers)
    build.ensure([CHEAP])
    assert path_of(CHEAP).exists()


def test_leaving_a_build_ends_its_workers(cache: Path) -> None:
    before = children()
    with build.building(["int4-g64"]):
        workers = [Watched(pid) for pid in children() - before]
        assert workers
    assert all(worker.ended(within=0) for worker in workers)


def test_a_worker_that_dies_is_reported(cache: Path) -> None:
    before = children()
    with build.building([CHEAP]) as under_way:
        for pid in children() - before:
            Watched(pid).send(signal.SIGKILL)
        with pytest.raises(LabError, match="killed"):
            under_way.wait_for("stranger")


def test_a_folder_that_is_no_folder_is_reported_with_its_reason(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path_of(CHEAP).with_suffix(".lock").mkdir()
    with pytest.raises(LabError, match=r"'stranger' could not be built: .*Is a directory.*needs 16 GB in"):
        build.ensure([CHEAP])


def test_missing_names_each_recipe_once_in_order_of_need(cache: Path) -> None:
    assert build.missing(["q8_0", "reference", "kv-q4_0", "f32"]) == ["q8_0", "official", "f32"]
    path_of("official").touch()
    assert build.missing(["q8_0", "reference"]) == ["q8_0"]
