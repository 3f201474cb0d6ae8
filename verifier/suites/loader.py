"""Reads a suite: `NAME.toml` says what it is, `NAME.jsonl` holds one prompt a line.

A line is `{"id", "category", "language", "messages"}`, with messages as the chat API takes them. The
suite's identity is the SHA-256 of the `.jsonl` file as it lies on disk (UTF-8, LF), so that anybody can
check it with `sha256sum`.

That file is the public pool. Beside it an operator may keep a hidden pool: a file of the same form that is
in no repository, so that no provider can have prepared for it. Its hash is published, its text when it is
retired.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PUBLIC, HIDDEN = "public", "hidden"
"""The pools a prompt may be from: the repository's, or one of which only the hash is published."""
ROLES = ("system", "user", "assistant")
PARTS = "hidden_parts"
"""The `.toml` file in the folder that is no suite: what hidden prompts are composed of."""


class SuiteError(ValueError):
    """A suite that does not exist or cannot be read; the message says which line and what to do."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `language` is an ISO 639-1 code; the last of `messages` is the user's.

    `pool` says where it was read from, so it is no part of a line. `tools` are offered with it: only a user's
    own prompts have any (`suites.private`).
    """

    id: str
    category: str
    language: str
    messages: tuple[Mapping[str, str], ...]
    pool: str = PUBLIC
    tools: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """A versioned set of prompts, the public ones first.

    `sha256` is the hex digest of its `.jsonl` file, `hidden_sha256` that of the hidden pool, if it has one.
    """

    name: str
    version: str
    sha256: str
    prompts: tuple[Prompt, ...]
    hidden_sha256: str | None = None


def names(folder: Path = FOLDER) -> list[str]:
    """The suites that can be loaded, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml") if path.stem != PARTS)


def load(name: str, folder: Path = FOLDER, hidden: Path | None = None) -> Suite:
    """The suite called `name`, with the hidden pool in the file `hidden` if one is given.

    Raises `SuiteError` if there is no such suite, its files or the hidden pool are malformed, or the pools
    share an id or a prompt.
    """
    if name not in names(folder):
        known = ", ".join(names(folder)) or "none"
        raise SuiteError(f"There is no suite called {name!r}. These exist: {known}.")
    about = _about(folder / f"{name}.toml", name)
    path = folder / f"{name}.jsonl"
    try:
        raw = path.read_bytes()
        prompts = _prompts(raw.decode("utf-8"), path.name, PUBLIC)
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(
            f"Suite {name!r} needs {path.name} in UTF-8 beside its .toml file: {error}."
        ) from error
    suite = Suite(name, about["version"], hashlib.sha256(raw).hexdigest(), prompts)
    return suite if hidden is None else with_hidden(suite, *read_hidden(hidden))


def read_hidden(path: Path) -> tuple[tuple[Prompt, ...], str]:
    """The prompts of a hidden pool and the hex SHA-256 of its file. Raises `SuiteError`."""
    try:
        raw = path.read_bytes()
        return _prompts(raw.decode("utf-8"), path.name, HIDDEN), hashlib.sha256(raw).hexdigest()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"The hidden pool {path} cannot be read as UTF-8: {error}.") from error


def with_hidden(suite: Suite, prompts: Sequence[Prompt], sha256: str) -> Suite:
    """`suite` with `prompts` as its hidden pool, in place of the one it had.

    `sha256` is the hex digest of the pool as it is published: of the operator's file, or of
    `as_jsonl(prompts)`. Raises `SuiteError` when a hidden prompt has the id or the text of another.
    """
    public = tuple(prompt for prompt in suite.prompts if prompt.pool == PUBLIC)
    known = {prompt.id: prompt for prompt in public}
    texts = {plain(prompt): prompt.id for prompt in public}
    for prompt in prompts:
        if prompt.id in known:
            raise SuiteError(
                f"The id {prompt.id!r} of the hidden pool is taken by another prompt of {suite.name!r} or of "
                "the pool; give hidden prompts ids of their own, such as h001."
            )
        if (twin := texts.get(plain(prompt))) is not None:
            raise SuiteError(f"The hidden prompt {prompt.id!r} says the same as {twin!r}; take it out.")
        known[prompt.id] = prompt
        texts[plain(prompt)] = prompt.id
    hidden = tuple(replace(prompt, pool=HIDDEN) for prompt in prompts)
    return replace(suite, prompts=public + hidden, hidden_sha256=sha256)


def as_jsonl(prompts: Iterable[Prompt]) -> bytes:
    """The prompts in the one canonical form of a `.jsonl` file: UTF-8, LF, no spaces, keys in order."""
    rows = (
        {
            "id": p.id,
            "category": p.category,
            "language": p.language,
            "messages": [dict(m) for m in p.messages],
        }
        for p in prompts
    )
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    return "".join(lines).encode()


def plain(prompt: Prompt) -> str:
    """What it says in lower case without punctuation: prompts that differ in dots only are the same."""
    return "\n".join(_plain(message["content"]) for message in prompt.messages)


def _plain(text: str) -> str:
    kept = (sign if unicodedata.category(sign)[0] in "LMNS" else " " for sign in text.lower())
    return " ".join("".join(kept).split())


def _prompts(text: str, name: str, pool: str) -> tuple[Prompt, ...]:
    prompts: dict[str, Prompt] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        where = f"{name}, line {number}"
        prompt = _prompt(line, where, pool)
        if prompt.id in prompts:
            raise SuiteError(f"{where}: the id {prompt.id!r} stands on an earlier line; ids must be unique.")
        prompts[prompt.id] = prompt
    return tuple(prompts.values())


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


def _prompt(line: str, where: str, pool: str) -> Prompt:
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
    return Prompt(row["id"], row["category"], row["language"], tuple(messages), pool)


def _is_message(message: object) -> bool:
    return (
        isinstance(message, dict)
        and set(message) == {"role", "content"}
        and message["role"] in ROLES
        and isinstance(message["content"], str)
        and message["content"].strip() != ""
    )
