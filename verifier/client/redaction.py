"""No key leaves: what is kept of an answer goes through here first."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
MAX_DETAIL = 300

SHORTEST_SECRET = 8
"""Shorter "keys" (`none`, `EMPTY`) are removed from errors only: it would maim honest answers."""
_PIECE = 8
"""A piece of the key of this length is a secret, too."""
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)

_SHAPES = re.compile(r"\bBearer\s+[A-Za-z0-9._~+/=-]{16,}|\bsk-[A-Za-z0-9_-]{16,}", re.IGNORECASE)
"""What is surely a key, whoever's. Narrow, because it applies to what models write as well."""

_MASKED = re.compile(r"\bBearer\s+\S+|\b(sk|gsk|xai|hf|nvapi|fw|tgp)[-_][A-Za-z0-9_*-]{6,}", re.IGNORECASE)
_REST = re.compile(re.escape(REDACTED) + r"[*•…]+[\w-]*")
"""Also keys with their middle starred out, as error messages show them; only for those."""


class Redactor:
    """Removes a key, in the spellings it is echoed in, and anything shaped like a key, from text."""

    def __init__(self, key: str | None) -> None:
        key = (key or "").strip()
        self._key = key if len(key) >= SHORTEST_SECRET else ""
        self._folded_key = _folded(self._key)
        self._short = key if 4 <= len(key) < SHORTEST_SECRET else ""
        self._spellings = tuple(sorted(set(map(_folded, _spellings(self._key))), key=len, reverse=True))

    def __repr__(self) -> str:
        return "Redactor()"

    def __call__(self, text: str) -> str:
        """The text with every secret replaced by `[redacted]`."""
        pieces: list[str] = []
        end = 0
        spans = self.spans(text)
        if not spans:
            return text
        for start, stop in spans:
            pieces += [text[end:start], REDACTED]
            end = stop
        return "".join([*pieces, text[end:]])

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand in `text`: disjoint, in order."""
        found = [match.span() for match in _SHAPES.finditer(text)]
        rest = _folded(text)
        for spelling in self._spellings:
            spans = list(_occurrences(rest, spelling))
            rest = _blanked(rest, spans)
            found += spans
        return _merged(found + self._fragments(rest))

    def detail(self, text: str) -> str:
        """One line for a person, at most 300 characters: redacted, no control or invisible characters."""
        text = _MASKED.sub(REDACTED, _REST.sub(REDACTED, self(text)))
        if self._short:
            text = text.replace(self._short, REDACTED)
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"

    def _fragments(self, rest: str) -> list[tuple[int, int]]:
        """Pieces of the key of eight characters or more, such as a half of it, in case-folded text.

        What is found is blanked before the next look, so that the work stays linear in the text even for
        a server that sends the key a thousand times.
        """
        key = self._folded_key
        found: list[tuple[int, int]] = []
        if len(key) < 2 * _PIECE or len(rest) < _PIECE:
            return found
        for at in range(len(key) - _PIECE + 1):
            spans = [
                (start, stop + _common(key[at + _PIECE :], rest, stop))
                for start, stop in _occurrences(rest, key[at : at + _PIECE])
            ]
            rest = _blanked(rest, spans)
            found += spans
        return found


def _spellings(key: str) -> Iterator[str]:
    """The key as it stands, URL-encoded, in hexadecimal, and in base64 at each of its three alignments."""
    if not key:
        return
    raw = key.encode()
    yield key
    yield quote(key, safe="")
    yield quote_plus(key)
    yield raw.hex()
    for encode in (b64encode, urlsafe_b64encode):
        for shift in range(3):
            encoded = encode(b"\x00" * shift + raw).decode().rstrip("=")
            # The first and last characters also hold bits of the neighbours; the middle is the key's alone.
            first = (shift * 8 + 5) // 6
            last = (shift + len(raw)) * 8 // 6
            yield encoded[first:last]


def _folded(text: str) -> str:
    """Lower case in ASCII only: `str.lower` may change the length, and spans would no longer fit."""
    return text.translate(_LOWER)


def _occurrences(text: str, part: str) -> Iterator[tuple[int, int]]:
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + len(part))


def _common(key: str, text: str, start: int) -> int:
    """How many characters of `key` the text goes on with from `start`."""
    length = 0
    while length < len(key) and start + length < len(text) and text[start + length] == key[length]:
        length += 1
    return length


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with the spans made unlike any key, in the same length. Spans are in order."""
    if not spans:
        return text
    pieces: list[str] = []
    end = 0
    for start, stop in spans:
        pieces += [text[end:start], "\x00" * (stop - max(start, end))]
        end = max(stop, end)
    return "".join([*pieces, text[end:]])


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
