from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier.cli.commands import ROOT, call
from verifier.suites import load

Capsys = pytest.CaptureFixture[str]
SECRET = "6f1d3a0c5be94f2a8f0b7f64d1c2e3a4"


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return path


def test_list_says_what_core_holds(capsys: Capsys) -> None:
    said = call(capsys, "suite", "list")
    core = load("core")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"core {core.version}: {len(core.prompts):,} public prompts\n")
    assert f"sha256 {core.sha256}\n" in said.out
    assert "zh 147" in said.out
    assert "long 24" in said.out


def test_list_as_json(capsys: Capsys) -> None:
    (line,) = call(capsys, "suite", "list", "--json").out.splitlines()
    core = json.loads(line)
    assert core["name"] == "core"
    assert core["pools"] == {"public": core["prompts"]}
    assert sum(core["categories"].values()) == sum(core["languages"].values()) == core["prompts"]


def test_a_composed_pool_passes_its_check_with_the_same_digest(
    capsys: Capsys, tmp_path: Path, seed: Path
) -> None:
    pool = tmp_path / "hidden.jsonl"
    said = call(capsys, "suite", "compose", "--seed-file", seed, "--prompts", 25, "-o", pool)
    digest = hashlib.sha256(pool.read_bytes()).hexdigest()
    assert said.status == 0
    assert said.out.splitlines()[-1] == f"sha256 {digest}"
    assert said.out.startswith("25 hidden prompts in ")
    assert call(capsys, "suite", "check", pool).out == said.out
    assert load("core", hidden=pool).hidden_sha256 == digest


def test_the_pool_is_for_its_owner_only_and_the_secret_is_not_said(
    capsys: Capsys, tmp_path: Path, seed: Path
) -> None:
    pool = tmp_path / "hidden.jsonl"
    said = call(capsys, "suite", "compose", "--seed-file", seed, "--prompts", 5, "-o", pool)
    assert pool.stat().st_mode & 0o777 == 0o600
    assert SECRET not in said.out + said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.jsonl", "secret"]


def test_white_space_around_the_secret_is_no_part_of_it(capsys: Capsys, tmp_path: Path, seed: Path) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        call(capsys, "suite", "compose", "--seed-file", seed, "--prompts", 9, "-o", tmp_path / name)
        seed.write_text(f"  {SECRET}\r\n")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_what_cannot_be_written_leaves_the_old_file(capsys: Capsys, tmp_path: Path, seed: Path) -> None:
    said = call(capsys, "suite", "compose", "--seed-file", seed, "--prompts", 5, "-o", tmp_path / "no" / "x")
    assert said.status == 3
    assert said.last.startswith("assay: cannot write the hidden pool")
    pool = tmp_path / "hidden.jsonl"
    pool.write_text("old")
    seed.write_text("short")
    said = call(capsys, "suite", "compose", "--seed-file", seed, "--prompts", 5, "-o", pool)
    assert (said.status, pool.read_text()) == (3, "old")
    assert "needs at least 16 random ones" in said.last


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: this is not JSON"),
        (
            '{"id":"p001","category":"word","language":"en","messages":[{"role":"user","content":"New"}]}',
            "p001",
        ),
        (
            '{"id":"h1","category":"word","language":"en","messages":'
            '[{"role":"user","content":"say a colour"}]}',
            "says the same as 'p058'",
        ),
    ],
)
def test_a_pool_that_cannot_be_used_is_refused(capsys: Capsys, tmp_path: Path, line: str, says: str) -> None:
    pool = tmp_path / "mine.jsonl"
    pool.write_text(line + "\n")
    said = call(capsys, "suite", "check", pool)
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert says in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["check", "nowhere.jsonl", "--suite", "other"], "There is no suite called"),
        (
            ["compose", "--seed-file", "nowhere", "--prompts", "3", "-o", "x"],
            "cannot read the secret nowhere",
        ),
        (["compose", "--seed-file", "nowhere", "--prompts", "0", "-o", "x"], "must be at least 1"),
        ([], "required: COMMAND"),
    ],
)
def test_bad_arguments_end_with_3(capsys: Capsys, arguments: list[str], says: str) -> None:
    said = call(capsys, "suite", *arguments)
    assert (said.status, said.out) == (3, "")
    assert says in said.err
    assert said.err.count("\n") == 1


def test_it_needs_no_django() -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['django', 'celery', 'redis', 'psycopg']));"
        "from verifier.cli.main import main; sys.exit(main(['suite', 'list']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("core ")
