"""Docstrings as a page shows them: paragraphs, lists, *emphasis* and `code`, and nothing else.

A docstring is English; the catalogue has each of its texts in the other languages, under the text itself.

What comes out is text in named pieces. Escaping stays the template's business, so nothing in a docstring
can become markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import cleandoc

from leaderboard.pages import words

_INLINE = re.compile(
    r"``(?P<double>.+?)``|`(?P<code>[^`]+)`|(?<![\w*])\*(?P<emphasis>[^\s*][^*]*?)(?<!\s)\*(?![\w*])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `kind` is text, code or emphasis."""

    kind: str
    text: str


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one line of pieces) or a list (a line an item); `kind` says which."""

    kind: str
    lines: tuple[Line, ...]


def blocks(docstring: str | None) -> tuple[Block, ...]:
    """The blocks of a docstring in the language of the page."""
    return tuple(
        Block(kind, tuple(pieces(words.said(text)) for text in texts)) for kind, texts in passages(docstring)
    )


def passages(docstring: str | None) -> list[tuple[str, list[str]]]:
    """Kind and texts of each block: lines that begin with `- ` are items, blank lines end paragraphs."""
    found: list[tuple[str, list[str]]] = []
    open_block = False
    for line in cleandoc(docstring or "").splitlines():
        text = line.strip()
        if not text:
            open_block = False
        elif text.startswith("- "):
            if not (found and found[-1][0] == "list"):
                found.append(("list", []))
            found[-1][1].append(text[2:])
            open_block = True
        elif open_block and found[-1][0] == ("list" if line.startswith(" ") else "paragraph"):
            found[-1][1][-1] += " " + text
        else:
            found.append(("paragraph", [text]))
            open_block = True
    return found


def pieces(text: str) -> Line:
    """One line of text, cut where *emphasis* and `code` begin and end."""
    found: list[Piece] = []
    end = 0
    for match in _INLINE.finditer(text):
        if match.start() > end:
            found.append(Piece("text", _quoted(text[end : match.start()])))
        if match["emphasis"]:
            found.append(Piece("emphasis", _quoted(match["emphasis"])))
        else:
            found.append(Piece("code", match["code"] or match["double"]))
        end = match.end()
    if end < len(text):
        found.append(Piece("text", _quoted(text[end:])))
    return tuple(found)


def _quoted(text: str) -> str:
    """Typewriter's quotation marks as a printer sets them."""
    return re.sub(r'"([^"]*)"', r"“\1”", text).replace("'", "’")
