from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.verifier.cli.commands import Said, baseline, baseline_file, call, large_baseline_file
from tests.verifier.small_world import HONEST, INT4
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving
from verifier.baseline import files

__all__ = ["baseline_file", "large_baseline_file"]
Capsys = pytest.CaptureFixture[str]


def verified(capsys: Capsys, baseline_file: Path, bundle: Path, endpoint: Synthetic, *options: str) -> Said:
    with serving(endpoint) as server:
        return call(
            capsys, "verify", "--baseline", baseline_file, "--base-url", server.url, "--model", "toy",
            "--evidence", bundle, *options,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "options", "status"),
    [
        (Synthetic(noise=HONEST, stack="x"), ["--decide-only"], 0),
        (Synthetic(noise=INT4), ["--declared", "bf16", "--seed", "7", "--alpha", "0.05"], 1),
        (Synthetic(noise=HONEST, stack="x"), ["--max-tokens", "30", "--no-logprobs"], 2),
        (Synthetic(fails=1.0), ["--deadline", "0.3"], 3),
    ],
)
def test_it_prints_the_same_bytes_and_ends_the_same_way(
    endpoint: Synthetic,
    options: list[str],
    status: int,
    baseline_file: Path,
    large_baseline_file: Path,
    tmp_path: Path,
    capsys: Capsys,
) -> None:
    known = baseline_file if status else large_baseline_file
    bundle, copy = tmp_path / "b.jsonl.gz", tmp_path / "again.json"
    first = verified(capsys, known, bundle, endpoint, *options)
    again = call(capsys, "recheck", bundle, "--baseline", known, "--json", copy)
    assert first.status == again.status == status
    assert again.out == first.out == copy.read_text("utf-8")
    assert again.err == first.last + "\n"


@pytest.fixture
def bundle(baseline_file: Path, tmp_path: Path, capsys: Capsys) -> Path:
    path = tmp_path / "b.jsonl.gz"
    assert verified(capsys, baseline_file, path, Synthetic(noise=INT4), "--decide-only").status == 1
    return path


def refused(said: Said) -> str:
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert said.err.startswith("assay: ")
    return said.err


def test_a_damaged_bundle_is_said_in_one_line_with_its_number(
    bundle: Path, baseline_file: Path, capsys: Capsys
) -> None:
    lines = gzip.decompress(bundle.read_bytes()).decode().splitlines()
    lines[3] = lines[3].replace('"status":"ok"', '"status":"fine"')
    bundle.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert "line 4 is not a line" in refused(call(capsys, "recheck", bundle, "--baseline", baseline_file))
    bundle.write_bytes(bundle.read_bytes()[:-40])
    assert "damaged" in refused(call(capsys, "recheck", bundle, "--baseline", baseline_file))
    bundle.write_bytes(b"junk")
    assert "no gzip file" in refused(call(capsys, "recheck", bundle, "--baseline", baseline_file))
    bundle.unlink()
    assert "No such file" in refused(call(capsys, "recheck", bundle, "--baseline", baseline_file))


def test_another_baseline_is_refused_with_both_names(bundle: Path, tmp_path: Path, capsys: Capsys) -> None:
    other = tmp_path / "other.json"
    files.write(replace(baseline(), seed=99), other)
    said = refused(call(capsys, "recheck", bundle, "--baseline", other))
    assert baseline().id in said
    assert replace(baseline(), seed=99).id in said


def test_a_baseline_of_another_version_of_the_suite_is_refused(
    bundle: Path, tmp_path: Path, capsys: Capsys
) -> None:
    """The prompts behind the evidence are no longer there to be judged by."""
    old = replace(baseline(), suite="core 0.9", suite_sha256="0" * 64)
    path = tmp_path / "old.json"
    files.write(old, path)
    lines = gzip.decompress(bundle.read_bytes()).decode().splitlines()
    lines[0] = json.dumps({**json.loads(lines[0]), "baseline": old.id})
    bundle.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert "was recorded with core 0.9" in refused(call(capsys, "recheck", bundle, "--baseline", path))


def test_evidence_that_was_cut_short_is_judged_as_an_interrupted_run(
    bundle: Path, baseline_file: Path, capsys: Capsys
) -> None:
    lines = gzip.decompress(bundle.read_bytes()).decode().splitlines()
    bundle.write_bytes(gzip.compress("\n".join(lines[:6]).encode()))
    said = call(capsys, "recheck", bundle, "--baseline", baseline_file)
    result = json.loads(said.out)
    assert (result["stopped_because"], result["requests"]) == ("interrupted", 5)
    assert said.status in (2, 3)
