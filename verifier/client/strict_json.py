"""JSON as RFC 8259 means it, from a stranger: strict, bounded, and safe to store.

The standard library's parser accepts NaN, duplicate keys, lone surrogates and any depth it survives;
this module refuses them with one typed error, and cleans what no database takes.
"""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any, NoReturn

MAX_DEPTH = 64
MAX_CONTAINERS = 80_000
"""Objects and arrays in one document: 20 alternatives of 1,800 tokens. Bounds memory, not only bytes."""
MAX_COMMAS = 500_000
MAX_TEXT_BYTES = 16 * 2**20
"""Of the decoded document in memory: one astral character makes every character take four bytes."""
MAX_INTEGER_DIGITS = 40

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


class JsonRefused(ValueError):
    """The bytes are not JSON this client accepts; the message is half a sentence, without their content."""


class JsonTooLarge(JsonRefused):
    """The document would take more memory than any answer needs."""


def loads(data: bytes | bytearray) -> Any:
    """Parse strict UTF-8 JSON. NUL and lone surrogates in strings become U+FFFD.

    Raises:
        JsonRefused: for anything that is not strict JSON or goes beyond the bounds above.
    """
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS or data.count(b",") > MAX_COMMAS:
        raise JsonTooLarge("more values than any answer needs")
    escaped = b"\\u" in data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonRefused(f"not UTF-8 at byte {error.start}") from None
    if sys.getsizeof(text) > MAX_TEXT_BYTES:
        raise JsonTooLarge("larger than any answer needs")
    try:
        value = _DECODER.decode(text)
    except JsonRefused:
        raise
    except RecursionError:
        raise JsonRefused(f"nested deeper than {MAX_DEPTH}") from None
    except json.JSONDecodeError as error:
        raise JsonRefused(f"not JSON, {error.msg.lower()} at character {error.pos}") from None
    return _checked(value, MAX_DEPTH, clean=escaped)


def clean_text(text: str) -> str:
    """The text without NUL and lone surrogates, which neither UTF-8 nor PostgreSQL store."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def _checked(value: Any, depth: int, *, clean: bool) -> Any:
    if isinstance(value, str):
        return clean_text(value) if clean else value
    if isinstance(value, dict | list) and depth == 0:
        raise JsonRefused(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        for i, item in enumerate(value):
            if isinstance(item, str | dict | list):
                value[i] = _checked(item, depth - 1, clean=clean)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str | dict | list):
                value[key] = _checked(item, depth - 1, clean=clean)
        if clean and any(_UNSTORABLE.search(key) for key in value):
            return {clean_text(key): item for key, item in value.items()}
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonRefused("an object gives a key twice")
    return result


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise JsonRefused(f"an integer of more than {MAX_INTEGER_DIGITS} digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonRefused("a number beyond the range of a double")
    return value


def _constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
