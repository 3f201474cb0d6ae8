from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from verifier.suites import SuiteError
from verifier.suites.private import read_private

TOOL = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}


def line(text: str = "What is the time?", **more: object) -> str:
    return json.dumps({"messages": [{"role": "user", "content": text}], **more})


def test_a_file_of_chats_is_a_suite_named_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(line("One?") + "\n\n" + line("Two?", id="two", tools=[TOOL]) + "\n")
    suite = read_private(path)
    assert (suite.name, suite.sha256) == ("private", hashlib.sha256(path.read_bytes()).hexdigest())
    assert [prompt.id for prompt in suite.prompts] == ["u0001", "two"]
    assert suite.prompts[1].tools == (TOOL,)
    assert suite.prompts[0].tools == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no prompt"),
        ("{", "line 1: this is not JSON"),
        ("[]", "line 1: expected an object with messages"),
        (line(temperature=1), "line 1: expected an object with messages"),
        (line(" "), "line 1: messages must be a list"),
        (
            json.dumps({"messages": [{"role": "assistant", "content": "x"}]}),
            "the last message must be the user's",
        ),
        (line(tools=[{"type": "function"}]), "tools must be a list"),
        (line(id="a/b"), "an id is a text that is not empty and holds no slash"),
        (line() + "\n" + line("what is the TIME"), "line 2: says the same as 'u0001'"),
        (line("a", id="x") + "\n" + line("b", id="x"), "line 2: the id 'x' stands on an earlier line"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(text)
    with pytest.raises(SuiteError, match=why.replace("(", r"\(")):
        read_private(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="cannot be read as UTF-8"):
        read_private(tmp_path / "none.jsonl")
