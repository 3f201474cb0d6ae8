from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import FEW, observations
from verifier.checks.base import Answer, Observation, Probe, Purpose, Status
from verifier.checks.session import Settings
from verifier.evidence.bundle import BundleError, BundleStore, Header, read

HEADER = Header(
    Settings(alpha=0.05, max_tokens=100, seed=3, declared="bf16", no_logprobs=True),
    {"base_url": "http://127.0.0.1:1/v1", "upstream_model": "toy"},
    "sha256:0",
)


def probe(key: str) -> Probe:
    return Probe(key, "chat/completions", {"max_tokens": 1}, Purpose.DECISION)


def save(store: BundleStore, *seen: Observation) -> None:
    for observation in seen:
        asyncio.run(store.save(probe(observation.key), observation))


def written(path: Path, count: int = 20) -> list[str]:
    """A bundle of `count` observations; returns its lines."""
    with BundleStore(HEADER, path) as store:
        save(store, *(Observation(f"p{i:03}/0", Status.OK, Answer("ж" * i)) for i in range(count)))
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def rewritten(path: Path, lines: list[str]) -> Path:
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


@FEW
@given(st.lists(observations, max_size=6, unique_by=lambda observation: observation.key))
def test_what_was_saved_is_read(tmp_path_factory: pytest.TempPathFactory, seen: list[Observation]) -> None:
    path = tmp_path_factory.mktemp("bundle") / "b.jsonl.gz"
    with BundleStore(HEADER, path) as store:
        save(store, *seen)
    assert store.observations == {observation.key: observation for observation in seen}
    assert read(path) == (HEADER, store.observations)


def test_each_line_is_on_disk_before_the_check_sees_the_answer(tmp_path: Path) -> None:
    """A run that is killed keeps what it saw."""
    path = tmp_path / "b.jsonl.gz"
    with BundleStore(HEADER, path) as store:
        for number in range(3):
            save(store, Observation(f"p{number}", Status.OK, Answer("x")))
            lines = zlib.decompressobj(31).decompress(path.read_bytes()).decode().splitlines()
            assert len(lines) == 2 + number
            assert json.loads(lines[-1])["observation"]["key"] == f"p{number}"


def test_a_run_that_fails_leaves_a_whole_bundle(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl.gz"

    def interrupted() -> None:
        with BundleStore(HEADER, path) as store:
            save(store, Observation("p1", Status.OK, Answer("x")))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(read(path)[1]) == ["p1"]


def test_without_a_path_observations_stay_in_memory(tmp_path: Path) -> None:
    with BundleStore(HEADER, None) as store:
        save(store, Observation("p1", Status.OK, Answer("x")))
        assert asyncio.run(store.known()) == {}
    assert list(store.observations) == ["p1"]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"cannot write the evidence to .*no-such-folder"):
        BundleStore(HEADER, tmp_path / "no-such-folder" / "b.jsonl.gz")


def test_a_full_disk_is_said_in_words() -> None:
    with pytest.raises(BundleError, match=r"cannot write the evidence.*No space left"):
        BundleStore(HEADER, Path("/dev/full"))


def test_the_probe_and_its_answer_stand_on_one_line_without_a_key(tmp_path: Path) -> None:
    header, line, *_ = written(tmp_path / "b.jsonl.gz")
    assert json.loads(header)["assay_bundle"] == 1
    assert json.loads(line)["probe"] == {
        "key": "p000/0", "api": "chat/completions", "body": {"max_tokens": 1}, "purpose": "decision",
    }  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.99])
def test_a_cut_file_is_said_to_be_damaged(tmp_path: Path, share: float) -> None:
    path = tmp_path / "b.jsonl.gz"
    written(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BundleError, match=r"damaged|empty"):
        read(path)


def what_is_read(path: Path) -> object:
    try:
        return read(path)
    except BundleError:
        return "refused"


def test_any_damaged_byte_is_a_clear_error_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl.gz"
    written(path)
    whole, data = read(path), path.read_bytes()
    for place in random.Random(1).sample(range(len(data)), 150):
        damaged = bytearray(data)
        damaged[place] ^= 0x15
        path.write_bytes(bytes(damaged))
        assert what_is_read(path) in (whole, "refused")  # gzip's own time stamp is nobody's evidence


@pytest.mark.parametrize(
    "line",
    [
        "", "{", "[]", "7", '"x"', "null", "{}", '{"observation":null}', '{"observation":{"key":"a"}}',
        '{"observation":{"key":"a","status":"odd"}}', '{"observation":{"key":[],"status":"ok"}}',
        '{"observation":{"key":"a","status":"ok","answer":{"text":7}}}', "[" * 100_000,
    ],
    ids=lambda line: line[:30],
)  # fmt: skip
def test_a_damaged_line_names_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "b.jsonl.gz"
    lines = written(path)
    with pytest.raises(BundleError, match="line 5 is not a line of an evidence bundle"):
        read(rewritten(path, [*lines[:4], line, *lines[4:]]))


@pytest.mark.parametrize(
    "header",
    [
        '{"assay_baseline": 1}', '{"assay_bundle": 2}', '{"assay_bundle": 1}', "[]",
        '{"assay_bundle":1,"settings":{"alpha":2},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{"seed":"x"},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{"seed":-1},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{"max_tokens":"9"},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{"estimation_prompts":null},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{"declared":[]},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{"colour":"red"},"endpoint":{},"baseline":"x"}',
        '{"assay_bundle":1,"settings":{},"endpoint":null,"baseline":"x"}',
    ],
)  # fmt: skip
def test_a_foreign_header_is_line_1(tmp_path: Path, header: str) -> None:
    with pytest.raises(BundleError, match="line 1 is not a line of an evidence bundle"):
        read(rewritten(tmp_path / "b.jsonl.gz", [header]))


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"{}", gzip.compress(b"", mtime=0), gzip.compress(b"\xff\xfe\n", mtime=0)]
)
def test_a_foreign_file_is_no_bundle(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "b.jsonl.gz"
    path.write_bytes(data)
    with pytest.raises(BundleError):
        read(path)


def test_a_missing_file_is_the_operating_systems_word(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read(tmp_path / "b.jsonl.gz")
