"""What the checks of behaviour ask: questions with tools, questions with one right answer, answers to look
at, and the filling of long prompts. Data files, read once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

Messages = tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class ToolCase:
    """A question with the tools offered beside it. `tool` is the one that it calls for, None if none does.

    It says what the question was written for; what is right is what the reference does.
    """

    id: str
    messages: Messages
    tools: tuple[Mapping[str, Any], ...]
    tool: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tools that are offered."""
        return tuple(tool["function"]["name"] for tool in self.tools)


@dataclass(frozen=True, slots=True)
class Item:
    """A question with exactly one right answer: a whole number, or one of the words in `options`."""

    id: str
    family: str
    question: str
    answer: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """A question that is answered in a few sentences of `language` (ISO 639-1)."""

    id: str
    language: str
    messages: Messages


@cache
def tool_cases() -> tuple[ToolCase, ...]:
    """Every question with tools, those that call for one first."""
    tools = {tool["function"]["name"]: tool for tool in json.loads(_read("tools.json"))}
    return tuple(
        ToolCase(row["id"], tuple(row["messages"]), tuple(tools[name] for name in row["tools"]), row["tool"])
        for row in _rows("tool_calls.jsonl")
    )


@cache
def items() -> tuple[Item, ...]:
    """Every question with one right answer."""
    return tuple(
        Item(**{**row, "options": tuple(row.get("options", ()))}) for row in _rows("reasoning.jsonl")
    )


@cache
def openings() -> tuple[Opening, ...]:
    """Every question whose answer is looked at as text."""
    return tuple(
        Opening(row["id"], row["language"], tuple(row["messages"])) for row in _rows("answers.jsonl")
    )


@cache
def filler() -> tuple[str, ...]:
    """Sentences that say nothing of what is asked."""
    return tuple(_read("filler.txt").splitlines())


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _read(name).splitlines()]


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")
