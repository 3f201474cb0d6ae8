"""No key leaves: what is kept of an answer goes through here first."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
MAX_DETAIL = 300

SHORTEST_SECRET = 8
"""Shorter "keys" (`none`, `EMPTY`) are no secrets, and removing them would maim honest answers."""
_CHUNK = 8

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
        self._spellings = tuple(sorted(set(_spellings(self._key)), key=len, reverse=True))

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
        folded = text.lower()
        if len(folded) != len(text):  # a few letters, such as "İ", grow; spans would not fit
            folded = text
        for spelling in self._spellings:
            found += _occurrences(folded, spelling.lower())
        found += self._fragments(folded)
        return _merged(found)

    def detail(self, text: str) -> str:
        """One line for a person, at most 300 characters: redacted, no control or invisible characters."""
        text = _MASKED.sub(REDACTED, _REST.sub(REDACTED, self(text)))
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"

    def _fragments(self, folded: str) -> Iterator[tuple[int, int]]:
        """Pieces of the key, such as a half of it, grown as far as they follow the key.

        Looks for each aligned chunk of eight, so any piece of fifteen characters or more is found.
        """
        key = self._key.lower()
        if len(key) < 2 * _CHUNK:
            return
        for at in range(0, len(key) - _CHUNK + 1, _CHUNK):
            for start, stop in _occurrences(folded, key[at : at + _CHUNK]):
                left, right = at, at + _CHUNK
                while left > 0 and start > 0 and folded[start - 1] == key[left - 1]:
                    left, start = left - 1, start - 1
                while right < len(key) and stop < len(folded) and folded[stop] == key[right]:
                    right, stop = right + 1, stop + 1
                yield start, stop


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


def _occurrences(text: str, part: str) -> Iterator[tuple[int, int]]:
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + len(part))


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
