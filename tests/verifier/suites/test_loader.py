"""The loader says what is wrong with a suite, and the core suite is what its note says."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from pathlib import Path

import pytest

from verifier.suites import SuiteError, load, names
from verifier.suites.loader import FOLDER

ABOUT = 'name = "mini"\nversion = "2.1"\nlicence = "Apache-2.0"\nnote = "for a test"\n'
GOOD = {"id": "a", "category": "word", "language": "en", "messages": [{"role": "user", "content": "Hi"}]}


def write(folder: Path, *lines: object, about: str = ABOUT) -> Path:
    (folder / "mini.toml").write_text(about, "utf-8")
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / "mini.jsonl").write_text(text, "utf-8")
    return folder


def test_reads_a_suite(tmp_path: Path) -> None:
    # U+2028 ends a line for str.splitlines but not in JSON Lines
    odd = GOOD | {"id": "b", "messages": [{"role": "user", "content": "one\u2028two"}]}
    suite = load("mini", write(tmp_path, GOOD, json.dumps(odd, ensure_ascii=False)))
    assert (suite.name, suite.version) == ("mini", "2.1")
    assert [prompt.id for prompt in suite.prompts] == ["a", "b"]
    assert suite.prompts[1].messages == ({"role": "user", "content": "one\u2028two"},)
    assert suite.sha256 == hashlib.sha256((tmp_path / "mini.jsonl").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["nope", "../core", "", "core.toml"])
def test_unknown_name_lists_those_that_exist(name: str) -> None:
    with pytest.raises(SuiteError, match=r"These exist: core\."):
        load(name)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[]", "exactly id"),
        (GOOD, "'a' stands on an earlier line"),
        (GOOD | {"extra": 1}, "exactly id"),
        (GOOD | {"id": ""}, "'id' must be a text"),
        (GOOD | {"id": "b", "category": 3}, "'category' must be a text"),
        (GOOD | {"id": "b", "messages": []}, "must be a list of"),
        (
            GOOD | {"id": "b", "messages": [{"role": "tool", "content": "x"}]},
            "role one of system",
        ),
        (GOOD | {"id": "b", "messages": [{"role": "user", "content": " "}]}, "must be a list of"),
        (GOOD | {"id": "b", "messages": [{"role": "assistant", "content": "x"}]}, "the user's"),
    ],
)
def test_malformed_line_is_named(tmp_path: Path, line: object, says: str) -> None:
    folder = write(tmp_path, GOOD, line, GOOD | {"id": "z"})
    with pytest.raises(SuiteError, match=r"mini\.jsonl, line 2: .*" + says):
        load("mini", folder)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ("name = ", "cannot be read as TOML"),
        (ABOUT.replace("mini", "other"), "the file is called 'mini'"),
        (ABOUT.replace('version = "2.1"\n', ""), "'version' must be a text"),
    ],
)
def test_malformed_description_is_named(tmp_path: Path, about: str, says: str) -> None:
    with pytest.raises(SuiteError, match=r"mini\.toml.*" + says):
        load("mini", write(tmp_path, GOOD, about=about))


def test_missing_data_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mini.toml").write_text(ABOUT, "utf-8")
    with pytest.raises(SuiteError, match=r"needs mini\.jsonl"):
        load("mini", tmp_path)


@pytest.mark.parametrize("name", names())
def test_shipped_files_are_in_one_canonical_form(name: str) -> None:
    raw = (FOLDER / f"{name}.jsonl").read_bytes()
    rows = [json.loads(line) for line in raw.decode().split("\n")[:-1]]
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows]
    assert raw == "".join(lines).encode()


def test_core_is_what_its_note_says() -> None:
    prompts = load("core").prompts
    assert [prompt.id for prompt in prompts] == [f"p{n:03}" for n in range(1, 301)]
    assert len({tuple(m["content"] for m in prompt.messages) for prompt in prompts}) == 300
    foreign = Counter(prompt.language for prompt in prompts if prompt.language != "en")
    assert set(foreign) == {"zh", "es", "fr", "de", "hi", "ar", "ja", "pt"}
    assert 0.18 <= foreign.total() / 300 <= 0.22
    words = [sum(len(message["content"].split()) for message in prompt.messages) for prompt in prompts]
    assert max(words) <= 90
    assert sorted(words)[270] <= 40
    runs = [len(list(group)) for _, group in itertools.groupby(prompts, key=lambda prompt: prompt.category)]
    assert max(runs) <= 5
