"""Reads a suite: `NAME.toml` says what it is, `NAME.jsonl` holds one prompt a line.

A line is `{"id", "category", "language", "messages"}`, with messages as the chat API takes them. The
suite's identity is the SHA-256 of the `.jsonl` file as it lies on disk (UTF-8, LF), so that anybody can
check it with `sha256sum`.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ROLES = ("system", "user", "assistant")


class SuiteError(ValueError):
    """A suite that does not exist or cannot be read; the message says which line and what to do."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `language` is an ISO 639-1 code; the last of `messages` is the user's."""

    id: str
    category: str
    language: str
    messages: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """A versioned set of prompts; `sha256` is the hex digest of its `.jsonl` file."""

    name: str
    version: str
    sha256: str
    prompts: tuple[Prompt, ...]


def names(folder: Path = FOLDER) -> list[str]:
    """The suites that can be loaded, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = FOLDER) -> Suite:
    """The suite called `name`. Raises `SuiteError` if there is none or its files are malformed."""
    if name not in names(folder):
        known = ", ".join(names(folder)) or "none"
        raise SuiteError(f"There is no suite called {name!r}. These exist: {known}.")
    about = _about(folder / f"{name}.toml", name)
    path = folder / f"{name}.jsonl"
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(
            f"Suite {name!r} needs {path.name} in UTF-8 beside its .toml file: {error}."
        ) from error
    prompts: dict[str, Prompt] = {}
    for number, line in enumerate(text.rstrip("\n").split("\n"), 1):
        where = f"{path.name}, line {number}"
        prompt = _prompt(line, where)
        if prompt.id in prompts:
            raise SuiteError(f"{where}: the id {prompt.id!r} stands on an earlier line; ids must be unique.")
        prompts[prompt.id] = prompt
    return Suite(name, about["version"], hashlib.sha256(raw).hexdigest(), tuple(prompts.values()))


def _about(path: Path, name: str) -> Mapping[str, str]:
    try:
        about = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SuiteError(f"{path.name} cannot be read as TOML: {error}.") from error
    for key in ("name", "version", "licence", "note"):
        if not isinstance(about.get(key), str) or not about[key]:
            raise SuiteError(f"{path.name}: {key!r} must be a text that is not empty.")
    if about["name"] != name:
        raise SuiteError(f"{path.name}: its name is {about['name']!r}, but the file is called {name!r}.")
    return about


def _prompt(line: str, where: str) -> Prompt:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise SuiteError(f"{where}: this is not JSON ({error.msg} at column {error.colno}).") from error
    if not isinstance(row, dict) or set(row) != {"id", "category", "language", "messages"}:
        raise SuiteError(f"{where}: expected an object with exactly id, category, language and messages.")
    for key in ("id", "category", "language"):
        if not isinstance(row[key], str) or not row[key]:
            raise SuiteError(f"{where}: {key!r} must be a text that is not empty.")
    messages = row["messages"]
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        roles = ", ".join(ROLES)
        raise SuiteError(
            f"{where}: messages must be a list of {{role, content}} content a text, role one of {roles}."
        )
    if messages[-1]["role"] != "user":
        raise SuiteError(f"{where}: the last message must be the user's, so that the model answers it.")
    return Prompt(row["id"], row["category"], row["language"], tuple(messages))


def _is_message(message: object) -> bool:
    return (
        isinstance(message, dict)
        and set(message) == {"role", "content"}
        and message["role"] in ROLES
        and isinstance(message["content"], str)
        and message["content"].strip() != ""
    )
