"""The cache folder: whole files or none, one builder per file, old files forgotten."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verifier.lab.cache import VARIABLE, folder, forget_stale, locked, path_of, replacing, touch
from verifier.lab.errors import LabError

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "lab"))
    return tmp_path / "lab"


def test_the_folder_comes_from_the_environment_and_is_made(cache: Path) -> None:
    assert folder() == cache
    assert cache.is_dir()
    assert path_of("q8_0").parent == cache


def test_without_the_variable_it_lies_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder() == tmp_path / ".cache" / "assay-lab"


def test_a_folder_that_cannot_be_made_is_named_with_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "lab"))
    with pytest.raises(LabError, match=VARIABLE):
        folder()


def test_a_file_appears_whole(cache: Path) -> None:
    path = path_of("q8_0")
    with replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert [one.name for one in cache.iterdir()] == [path.name]


def test_a_failure_leaves_nothing(cache: Path) -> None:
    def fail() -> None:
        with replacing(path_of("q8_0")) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fail()
    assert not list(cache.iterdir())


def test_what_a_killed_build_left_is_removed_by_the_next(cache: Path) -> None:
    path = path_of("q8_0")
    left, others = path.with_name(f".{path.stem}-abc.part"), path.with_name(".f16-abc-def.part")
    left.touch()
    others.touch()
    with locked(path):
        assert not left.exists()
        assert others.exists()


def test_a_lock_keeps_other_processes_out(cache: Path) -> None:
    path = path_of("q8_0")
    program = (
        "from verifier.lab.cache import locked, path_of\n"
        "print('asking', flush=True)\n"
        "with locked(path_of('q8_0')):\n"
        "    print(path_of('q8_0').read_text(), flush=True)"
    )
    with locked(path):
        other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "asking\n"
        path.write_text("written under the lock")
    with other:
        assert other.stdout.read() == "written under the lock\n"


def test_only_old_files_of_no_recipe_are_forgotten(cache: Path) -> None:
    current, fresh, stale = (
        path_of("q8_0"),
        folder() / "q8_0-0123456789ab.gguf",
        folder() / "q8_0-ba9876543210.gguf",
    )
    for path in (current, fresh, stale):
        path.touch()
        path.with_suffix(".lock").touch()
    for path in (current, stale):
        os.utime(path, (0, time.time() - 8 * DAY))
    forget_stale()
    assert current.exists()
    assert fresh.exists()
    assert not stale.exists()
    assert not stale.with_suffix(".lock").exists()
    touch(current)
    assert time.time() - current.stat().st_mtime < DAY
