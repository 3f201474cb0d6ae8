"""The exported files are read back here by a reader of its own, which knows nothing of our code."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from leaderboard import services
from leaderboard.models import Checkpoint, LogEntry, LogHead
from tests.leaderboard.integrity import trees
from verifier.certificate import read_checkpoint, read_keys

pytestmark = pytest.mark.django_db


def fill(count: int) -> None:
    start = LogEntry.objects.count()
    services.append_all(
        [services.Fact("suite", f"s{number}", {"number": number}) for number in range(start, start + count)]
    )


def path_of(folder: Path, kind: str, number: int, width: int) -> Path:
    assert number < 1000
    return folder / "tile" / kind / (f"{number:03}" + ("" if width == 256 else f".p/{width}"))


def read_entries(folder: Path, size: int) -> list[bytes]:
    found = []
    for number in range(-(-size // 256)):
        width = min(256, size - 256 * number)
        stream = io.BytesIO(path_of(folder, "entries", number, width).read_bytes())
        for _ in range(width):
            found.append(stream.read(int.from_bytes(stream.read(2), "big")))
        assert not stream.read()
    return found


def exported(folder: Path) -> list[bytes]:
    """The entries of a mirror, having checked it with nothing but its own files."""
    keys = read_keys((folder / "assay-keys.json").read_bytes())
    head = read_checkpoint((folder / "checkpoint").read_text("utf-8"), keys)
    entries = read_entries(folder, head.size)
    assert trees.mth(entries) == head.root
    leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    for number in range(-(-head.size // 256)):
        width = min(256, head.size - 256 * number)
        tile = path_of(folder, "0", number, width).read_bytes()
        assert tile == b"".join(leaves[256 * number : 256 * number + width])
    for number in range(head.size // 256):
        whole = trees.mth(entries[256 * number : 256 * (number + 1)])
        above = path_of(folder, "1", 0, head.size // 256).read_bytes()
        assert above[32 * number : 32 * (number + 1)] == whole
    return entries


@pytest.mark.parametrize("count", [0, 1, 255, 256, 600])
def test_a_mirror_is_whole_in_itself(count: int, tmp_path: Path) -> None:
    fill(count)
    size = services.export_log(tmp_path)
    assert exported(tmp_path) == [entry.leaf.encode() for entry in LogEntry.objects.all()]
    assert size == count + 1, "the first key is an entry"


def test_a_later_export_adds_and_keeps_what_was_whole(tmp_path: Path) -> None:
    fill(300)
    services.export_log(tmp_path)
    first = (tmp_path / "tile/0/000").stat()
    fill(300)
    services.export_log(tmp_path)
    assert (tmp_path / "tile/0/000").stat().st_mtime_ns == first.st_mtime_ns
    assert len(exported(tmp_path)) == 601


def test_an_older_database_does_not_overwrite_a_longer_mirror(tmp_path: Path) -> None:
    fill(10)
    services.export_log(tmp_path)
    before = (tmp_path / "checkpoint").read_bytes()
    Checkpoint.objects.all().delete()
    LogEntry.objects.filter(index__gte=5).delete()
    LogHead.objects.update(size=5)
    with pytest.raises(CommandError, match="an older one was restored"):
        call_command("export_log", str(tmp_path))
    fill(10)
    with pytest.raises(CommandError, match="another root"):
        call_command("export_log", str(tmp_path))
    assert (tmp_path / "checkpoint").read_bytes() == before


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("other.example\n3\nxyz\n")
    with pytest.raises(CommandError, match="not a checkpoint of this log"):
        call_command("export_log", str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1


def test_an_entry_too_long_for_a_mirror_is_never_appended() -> None:
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        services.append("dispute", "one", {"text": "x" * 70_000})
    assert not LogEntry.objects.exists()
