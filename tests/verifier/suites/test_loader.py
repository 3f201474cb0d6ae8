"""The loader says what is wrong with a suite, and the core suite is what its note says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from verifier.suites import (
    HIDDEN,
    PUBLIC,
    Prompt,
    SuiteError,
    as_jsonl,
    load,
    names,
    read_hidden,
    with_hidden,
)
from verifier.suites.loader import FOLDER, plain

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


def pool(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


SECRET = GOOD | {"id": "h001", "messages": [{"role": "user", "content": "Hello there"}]}


def test_a_hidden_pool_follows_the_public_prompts(tmp_path: Path) -> None:
    hidden = pool(tmp_path / "secret.jsonl", SECRET)
    open_suite = load("mini", write(tmp_path, GOOD))
    suite = load("mini", tmp_path, hidden=hidden)
    assert [(prompt.id, prompt.pool) for prompt in suite.prompts] == [("a", PUBLIC), ("h001", HIDDEN)]
    assert suite.sha256 == open_suite.sha256
    assert open_suite.hidden_sha256 is None
    assert suite.hidden_sha256 == hashlib.sha256(hidden.read_bytes()).hexdigest()


def test_another_hidden_pool_replaces_the_first(tmp_path: Path) -> None:
    suite = load("mini", write(tmp_path, GOOD), pool(tmp_path / "secret.jsonl", SECRET))
    message = {"role": "user", "content": "Anything else"}
    fresh = (Prompt("h001", "word", "en", (message,)),)
    again = with_hidden(suite, fresh, hashlib.sha256(as_jsonl(fresh)).hexdigest())
    assert [(prompt.id, prompt.pool) for prompt in again.prompts] == [("a", PUBLIC), ("h001", HIDDEN)]
    assert again.prompts[1].messages == (message,)
    assert again.hidden_sha256 != suite.hidden_sha256


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (SECRET | {"id": "a"}, "id 'a' of the hidden pool is taken"),
        (GOOD | {"id": "h001"}, "'h001' says the same as 'a'"),
        (SECRET | {"messages": [{"role": "user", "content": "  hi! "}]}, "'h001' says the same"),
        (SECRET | {"messages": []}, r"secret\.jsonl, line 1: messages must be a list"),
        (SECRET | {"pool": "hidden"}, r"secret\.jsonl, line 1: expected an object with exactly id"),
    ],
)
def test_a_hidden_pool_that_does_not_fit_is_refused(tmp_path: Path, row: object, says: str) -> None:
    with pytest.raises(SuiteError, match=says):
        load("mini", write(tmp_path, GOOD), hidden=pool(tmp_path / "secret.jsonl", row))


def test_a_hidden_pool_in_memory_may_not_repeat_an_id(tmp_path: Path) -> None:
    prompts = [Prompt("h001", "word", "en", ({"role": "user", "content": text},)) for text in ("One", "Two")]
    with pytest.raises(SuiteError, match="'h001' of the hidden pool is taken"):
        with_hidden(load("mini", write(tmp_path, GOOD)), prompts, "0" * 64)


def test_a_hidden_pool_may_not_repeat_a_text(tmp_path: Path) -> None:
    hidden = pool(tmp_path / "secret.jsonl", SECRET, SECRET | {"id": "h002"})
    with pytest.raises(SuiteError, match="'h002' says the same as 'h001'"):
        load("mini", write(tmp_path, GOOD), hidden=hidden)


def test_an_unreadable_hidden_pool_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"nowhere\.jsonl cannot be read"):
        load("mini", write(tmp_path, GOOD), hidden=tmp_path / "nowhere.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9")
    with pytest.raises(SuiteError, match=r"latin\.jsonl cannot be read as UTF-8"):
        read_hidden(tmp_path / "latin.jsonl")


def test_plain_drops_case_and_punctuation_but_no_vowel_sign() -> None:
    def said(text: str) -> str:
        return plain(Prompt("x", "word", "en", ({"role": "user", "content": text},)))

    assert said(" Name a  COLOUR!") == said("name a colour")
    assert said("किसी") != said("कसी")
    assert said("2 + 2") != said("2 × 2")


@pytest.mark.parametrize("name", names())
def test_shipped_files_are_in_one_canonical_form(name: str) -> None:
    assert as_jsonl(load(name).prompts) == (FOLDER / f"{name}.jsonl").read_bytes()
