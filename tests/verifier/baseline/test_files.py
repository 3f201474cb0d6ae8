from __future__ import annotations

import gzip
import json
import random
import resource
from pathlib import Path

import pytest

from tests.verifier.small_world import recorded
from verifier.baseline import files
from verifier.baseline.model import Baseline


@pytest.mark.parametrize("name", ["b.json", "b.json.gz", "ünï code.json"])
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    files.write(recorded(), path)
    assert files.read(path) == recorded()
    assert files.read(path).id == recorded().id
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")


def test_the_same_baseline_gives_the_same_bytes(tmp_path: Path) -> None:
    assert files.dump(recorded()) == files.dump(Baseline.from_json(recorded().to_json()))
    assert json.loads(gzip.decompress(files.dump(recorded()))) == recorded().to_json()
    assert files.load(gzip.decompress(files.dump(recorded()))) == files.load(files.dump(recorded()))


def test_a_write_that_fails_leaves_the_old_file_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            files.write(recorded(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_leaves_nothing_but_the_file(tmp_path: Path) -> None:
    for _ in range(2):
        files.write(recorded(), tmp_path / "b.json.gz")
    assert [found.name for found in tmp_path.iterdir()] == ["b.json.gz"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"7", b"null", b'"text"', b"\xff\xfe", b"%PDF-1.7", b"{}", b"[" * 100_000,
        b'{"assay_baseline":1}', gzip.compress(b"", mtime=0), gzip.compress(b"[]", mtime=0),
        b"\x1f\x8b", b"\x1f\x8b\x08junk",
    ],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_anything_else_is_a_plain_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="baseline") as caught:
        files.read(path)
    assert "\n" not in str(caught.value)


def test_a_cut_or_flipped_file_is_never_a_crash() -> None:
    data = files.dump(recorded())
    chance = random.Random(2)
    damaged = [data[: chance.randrange(len(data))] for _ in range(20)]
    for place in [chance.randrange(len(data)) for _ in range(40)]:
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        damaged.append(bytes(flipped))
    read = [whole_or_refused(one) for one in damaged]
    assert read.count("refused") >= 50


def whole_or_refused(data: bytes) -> object:
    try:
        return files.load(data)
    except ValueError:
        return "refused"


def test_a_missing_file_is_the_operating_systems_word(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        files.read(tmp_path / "b.json")
