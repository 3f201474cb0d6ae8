"""What strangers say, made harmless to look at: nothing invisible, nothing that reorders the page.

Escaping HTML is the template's business and always on. This module is about characters that survive
escaping and still mislead a reader: controls, bidirectional overrides, zero-width marks, towers of accents.
"""

from __future__ import annotations

import unicodedata

NEWLINE = "↵"
MAX_MARKS = 4
"""Combining marks kept on one letter; living languages need at most three or four."""
_JOINERS = "\u200c\u200d"  # needed by Persian, Indic scripts and emoji, and harmless alone


def visible(text: object, *, lines: bool = True, limit: int | None = None) -> str:
    """`text` with every character visible.

    Controls become their symbol (␀, ␛), bidirectional and zero-width marks become their code in brackets,
    half characters become �. Line ends stay line ends where `lines` is true and become ↵ otherwise.
    At most `limit` characters of the text are kept; what was cut is said.
    """
    source = "" if text is None else str(text)
    cut = 0 if limit is None else max(0, len(source) - limit)
    if cut:
        source = source[:limit]
    source = source.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    shown: list[str] = []
    marks = 0
    for character in source:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            shown.append(_shown(character, category, lines))
    if cut:
        shown.append(f" … ({cut} more characters)")
    return "".join(shown)


def _shown(character: str, category: str, lines: bool) -> str:
    code = ord(character)
    if character == "\n":
        return "\n" if lines else NEWLINE
    if character == "\t":
        return "\t" if lines else "⇥"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if category == "Cs":
        return "\ufffd"
    if category == "Cc" or (category == "Cf" and character not in _JOINERS):
        return f"[U+{code:04X}]"
    return character
