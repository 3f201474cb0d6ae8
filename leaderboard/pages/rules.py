"""The public constants of a module with what is written about them, so that a page lists them as they are.

A constant counts when its name is in capitals and a text stands right below it, as the house documents
constants. The text is read from the source (`ast`), the value from the module that runs.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from itertools import pairwise
from types import ModuleType

from django.utils.translation import gettext, pgettext

from leaderboard.pages import numbers, words
from leaderboard.pages.prose import Block, blocks


@dataclass(frozen=True, slots=True)
class Rule:
    """One constant: its value in words, or, for a table of values, its `entries`."""

    name: str
    value: str
    entries: tuple[tuple[str, str], ...]
    about: tuple[Block, ...]


def rules(module: ModuleType) -> tuple[Rule, ...]:
    """The documented public constants of `module`, in the order of its source."""
    return tuple(_rule(name, getattr(module, name), about) for name, about in documented(module))


def documented(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Name and text of each, as its source has them."""
    body = ast.parse(inspect.getsource(module)).body
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(about))),
            ) if re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
                yield name, about


def _rule(name: str, value: object, about: str) -> Rule:
    entries: tuple[tuple[str, str], ...] = ()
    if isinstance(value, Mapping):
        entries = tuple((shown(key), shown(item)) for key, item in value.items())
    elif is_dataclass(value) and not isinstance(value, type):
        entries = tuple(
            (item.name.replace("_", " "), shown(getattr(value, item.name))) for item in fields(value)
        )
    return Rule(name, "" if entries else shown(value), entries, blocks(about))


def shown(value: object) -> str:
    """A value as a reader sees it: sets in order, numbers with a real minus sign, no quotes, no addresses."""
    # Translators: Between names that are listed: the Chinese comma of lists.
    comma = pgettext("between names", ", ")
    if value is None:
        return numbers.NONE
    if isinstance(value, Enum):
        return shown(value.value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int):
        return numbers.whole(value)
    if isinstance(value, float):
        return f"{value:g}".replace("-", numbers.MINUS)
    if isinstance(value, str):
        return words.ruled(value)
    if isinstance(value, Mapping):
        semicolon = pgettext("between clauses", "; ")
        return semicolon.join(f"{shown(key)}: {shown(item)}" for key, item in value.items())
    if isinstance(value, Set):
        return comma.join(sorted(shown(item) for item in value))
    if isinstance(value, Sequence):
        return comma.join(shown(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return comma.join(f"{item.name} {shown(getattr(value, item.name))}" for item in fields(value))
    return str(getattr(value, "__name__", value))
