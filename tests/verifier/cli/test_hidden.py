"""A baseline with hidden prompts is nothing without its pool, and every command says so."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.verifier.cli.commands import Said, call
from tests.verifier.small_world import HONEST, INT4, NAMED
from tests.verifier.synthetic import Synthetic, converse
from tests.verifier.synthetic_server import serving
from verifier.baseline import files
from verifier.baseline.record import record
from verifier.evidence.bundle import BundleStore, Header
from verifier.suites import HIDDEN, Prompt, as_jsonl, load
from verifier.verification import Settings

Capsys = pytest.CaptureFixture[str]
TEXT = "Who hid {0} in the {0}th box?"


def pool_file(path: Path, prompts: int = 12) -> Path:
    """A hidden pool as an operator keeps it."""
    pool = [
        Prompt(f"h{i:03}", "question", "en", ({"role": "user", "content": TEXT.format(i)},))
        for i in range(prompts)
    ]
    path.write_bytes(as_jsonl(pool))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`pool.jsonl`, another pool, and a baseline of core with the first."""
    made = tmp_path_factory.mktemp("hidden")
    pool_file(made / "another.jsonl", 13)
    suite = load("core", hidden=pool_file(made / "pool.jsonl"))
    files.write(converse(record(suite, model="toy", prompts=30), Synthetic()), made / "b.json")
    return made


def test_a_baseline_is_recorded_with_hidden_prompts_and_names_their_pool(
    tmp_path: Path, capsys: Capsys
) -> None:
    pool = pool_file(tmp_path / "pool.jsonl")
    with serving(Synthetic()) as server:
        given = ("--base-url", server.url, "--model", "toy", "--prompts", 20, "-o", tmp_path / "b.json")
        said = call(capsys, "record", *given, "--hidden", pool)
    assert said.status == 0, said.err
    found = files.read(tmp_path / "b.json")
    assert found.hidden_sha256 == load("core", hidden=pool).hidden_sha256
    hidden = {prompt.id for prompt in load("core", hidden=pool).prompts if prompt.pool == HIDDEN}
    assert 0 < len(hidden & set(found.by_prompt)) < 20
    assert TEXT[:10] not in (tmp_path / "b.json").read_text("utf-8"), "the text stays with its owner"


def commands(folder: Path, url: str, tmp_path: Path) -> dict[str, list[object]]:
    """Each command that asks the prompts of a baseline, or judges their answers."""
    known = files.read(folder / "b.json")
    bundle = tmp_path / "bundle.jsonl.gz"
    if not bundle.exists():
        with BundleStore(Header(Settings(), NAMED, known.id), bundle):
            pass
    given = ["--baseline", folder / "b.json"]
    endpoint = ["--base-url", url, "--model", "toy"]
    return {
        "calibrate": [*given, *endpoint],
        "verify": [*given, *endpoint],
        "verify a live reference": [*given, *endpoint, "--reference-url", url],
        "recheck": [bundle, *given],
    }


def refused(said: Said) -> str:
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert said.err.startswith("assay: ")
    return said.err


@pytest.mark.parametrize("command", ["calibrate", "verify", "verify a live reference", "recheck"])
def test_without_the_pool_or_with_another_nothing_is_asked(
    command: str, folder: Path, tmp_path: Path, capsys: Capsys
) -> None:
    before = (folder / "b.json").read_bytes()
    with serving(Synthetic()) as server:
        arguments = commands(folder, server.url, tmp_path)[command]
        name = command.split()[0]
        without = refused(call(capsys, name, *arguments))
        another = refused(call(capsys, name, *arguments, "--hidden", folder / "another.jsonl"))
        assert server.requests == 0
    digest = load("core", hidden=folder / "pool.jsonl").hidden_sha256
    assert digest is not None
    for said in (without, another):
        assert f"recorded with the hidden pool of sha256 {digest[:12]}" in said
        assert "give that pool (--hidden FILE)" in said
    assert (folder / "b.json").read_bytes() == before


def test_with_the_pool_an_endpoint_is_judged_and_judged_again(
    folder: Path, tmp_path: Path, capsys: Capsys
) -> None:
    path, bundle = tmp_path / "b.json", tmp_path / "e.jsonl.gz"
    path.write_bytes((folder / "b.json").read_bytes())
    pool = ("--hidden", folder / "pool.jsonl")
    with serving(Synthetic(noise=HONEST, stack="a")) as honest:
        added = call(capsys, "calibrate", "--baseline", path, "--base-url", honest.url, *pool)
    assert added.status == 0, added.err
    with serving(Synthetic(noise=INT4)) as server:
        given = ("--base-url", server.url, "--model", "toy", "--evidence", bundle, "--decide-only")
        said = call(capsys, "verify", "--baseline", path, *given, *pool)
    result = json.loads(said.out)
    assert (said.status, result["verdict"]) == (1, "deviating")
    digest = load("core", hidden=folder / "pool.jsonl").hidden_sha256
    assert result["versions"]["hidden_pool"] == f"sha256:{digest}"
    again = call(capsys, "recheck", bundle, "--baseline", path, *pool)
    assert (again.status, again.out) == (1, said.out)
    assert TEXT[:10].encode() not in gzip.decompress(bundle.read_bytes())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        (b"{", "line 1: this is not JSON"),
        (b"", "line 1: this is not JSON"),
        (b"\xff\xfe", "cannot be read as UTF-8"),
    ],
    ids=["missing", "no-json", "empty", "no-text"],
)
def test_a_pool_that_cannot_be_read_is_said_in_one_line(
    content: bytes | None, why: str, tmp_path: Path, capsys: Capsys
) -> None:
    pool = tmp_path / "pool.jsonl"
    if content is not None:
        pool.write_bytes(content)
    with serving(Synthetic()) as server:
        given = ("--base-url", server.url, "--model", "toy", "-o", tmp_path / "b.json")
        said = refused(call(capsys, "record", *given, "--hidden", pool))
        assert server.requests == 0
    assert why in said


def test_a_hidden_prompt_that_is_public_is_refused(tmp_path: Path, capsys: Capsys) -> None:
    pool = tmp_path / "pool.jsonl"
    known = load("core").prompts[0]
    pool.write_bytes(as_jsonl([Prompt("h001", "question", "en", known.messages)]))
    given = ("--base-url", "http://127.0.0.1:1/v1", "--model", "toy", "-o", tmp_path / "b.json")
    assert "says the same as" in refused(call(capsys, "record", *given, "--hidden", pool))
