"""A suite of a user's own prompts: a file of chats as they are sent to the API, one a line.

A line is `{"messages": [...]}`, with `tools` and an `id` if wanted. The file stays where it is: only its hash
goes into a baseline, and only the endpoints that are asked see its prompts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verifier.suites.loader import ROLES, Prompt, Suite, SuiteError, plain

NAME = "private"
VERSION = "1"
KEYS = frozenset({"id", "messages", "tools"})


def read_private(path: Path) -> Suite:
    """The suite in `path`. Raises SuiteError, which names the line."""
    try:
        raw = path.read_bytes()
        lines = raw.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"The prompts {path} cannot be read as UTF-8: {error}.") from error
    prompts: dict[str, Prompt] = {}
    said: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        prompt = _prompt(line, where, number)
        if prompt.id in prompts:
            raise SuiteError(f"{where}: the id {prompt.id!r} stands on an earlier line; ids must be unique.")
        text = plain(prompt)
        if text in said:
            raise SuiteError(f"{where}: says the same as {said[text]!r}; a prompt counts once, take it out.")
        prompts[prompt.id], said[text] = prompt, prompt.id
    if not prompts:
        raise SuiteError(f"{path.name} holds no prompt.")
    return Suite(NAME, VERSION, hashlib.sha256(raw).hexdigest(), tuple(prompts.values()))


def _prompt(line: str, where: str, number: int) -> Prompt:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SuiteError(f"{where}: this is not JSON ({error}).") from error
    if not isinstance(row, dict) or "messages" not in row or not set(row) <= KEYS:
        raise SuiteError(f"{where}: expected an object with messages and, if wanted, tools and id alone.")
    name = row.get("id", f"u{number:04}")
    if not isinstance(name, str) or not name or "/" in name:
        raise SuiteError(f"{where}: an id is a text that is not empty and holds no slash.")
    messages = row["messages"]
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        raise SuiteError(
            f"{where}: messages must be a list of {{role, content}}, content a text that is not empty, role "
            f"one of {', '.join(ROLES)}."
        )
    if messages[-1]["role"] != "user":
        raise SuiteError(f"{where}: the last message must be the user's, so that the model answers it.")
    tools = row.get("tools", [])
    if not isinstance(tools, list) or not all(map(_is_tool, tools)):
        raise SuiteError(
            f'{where}: tools must be a list of {{"type": "function", "function": {{"name", …}}}}.'
        )
    return Prompt(name, NAME, "und", tuple(messages), tools=tuple(tools))


def _is_message(message: object) -> bool:
    return (
        isinstance(message, dict)
        and set(message) == {"role", "content"}
        and message["role"] in ROLES
        and isinstance(message["content"], str)
        and message["content"].strip() != ""
    )


def _is_tool(tool: object) -> bool:
    if not isinstance(tool, Mapping) or tool.get("type") != "function":
        return False
    function: Any = tool.get("function")
    return isinstance(function, Mapping) and isinstance(function.get("name"), str) and bool(function["name"])
