"""Reading `choices[0].logprobs`, in the chat shape and in the completions shape, to positions.

Servers send either shape from either API (llama.cpp's `/v1/completions` answers in the chat shape,
some gateways the other way round), so the shape is told by its keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

from verifier.checks.base import Position, Token
from verifier.client.faults import malformed
from verifier.client.tokens import is_byte_level, token_bytes

SENTINEL = -9999.0
"""OpenAI and vLLM write this for "too unlikely to say"; it is no probability."""
TOLERANCE = 1e-4
"""Rounding may lift a logprob of 0 this far above it."""
MAX_ENTRIES = 60_000
"""Listed tokens of one answer, alternatives included; bounds the memory of a stream."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A token as the server wrote it. `listed` are the bytes it gave, if it did."""

    text: str
    listed: bytes | None
    logprob: float


@dataclass(frozen=True, slots=True)
class Row:
    """One generated token and its alternatives, as the server wrote them."""

    chosen: Entry
    top: list[Entry]


def read_rows(logprobs: Any) -> list[Row] | None:
    """The rows of a `logprobs` object, whole or of one streamed event; None when it holds none.

    Raises:
        Failure: MALFORMED when the object is there but does not hold what the API promises.
    """
    if logprobs is None:
        return None
    if not isinstance(logprobs, Mapping):
        raise malformed(f"logprobs is {_kind(logprobs)} where an object was expected.")
    if logprobs.get("content") is not None:
        return _chat_rows(logprobs["content"])
    if logprobs.get("tokens") is not None:
        return _completion_rows(logprobs)
    return None


def positions(rows: Sequence[Row]) -> tuple[Position, ...]:
    """The positions of a whole answer: identities settled, lists sorted, sentinels dropped."""
    entries = chain.from_iterable((row.chosen, *row.top) for row in rows)
    byte_level = is_byte_level(entry.text for entry in entries if entry.listed is None)
    return tuple(_position(row, byte_level) for row in rows)


def _chat_rows(content: Any) -> list[Row]:
    if not isinstance(content, list):
        raise malformed(f"logprobs.content is {_kind(content)} where a list was expected.")
    rows = []
    for item in content:
        chosen = _chat_entry(item)
        if chosen is None:
            raise malformed("A generated token has no logprob.")
        listed = item.get("top_logprobs")
        if listed is None:
            listed = []
        if not isinstance(listed, list):
            raise malformed(f"top_logprobs is {_kind(listed)} where a list was expected.")
        rows.append(Row(chosen, [entry for entry in map(_chat_entry, listed) if entry is not None]))
    return rows


def _chat_entry(item: Any) -> Entry | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("token"), str):
        raise malformed("An entry of the logprobs has no token.")
    if item.get("logprob") is None:
        return None
    return Entry(item["token"], _listed_bytes(item.get("bytes")), _logprob(item["logprob"]))


def _completion_rows(logprobs: Mapping[str, Any]) -> list[Row]:
    tokens = logprobs["tokens"]
    chosen = logprobs.get("token_logprobs")
    tops = logprobs.get("top_logprobs")
    if not isinstance(tokens, list) or not isinstance(chosen, list):
        raise malformed("logprobs.tokens and logprobs.token_logprobs must both be lists.")
    if tops is None:
        tops = [None] * len(tokens)
    if not isinstance(tops, list):
        raise malformed(f"logprobs.top_logprobs is {_kind(tops)} where a list was expected.")
    if not len(tokens) == len(chosen) == len(tops):
        raise malformed(
            f"The logprobs lists differ in length: {len(tokens)} tokens, {len(chosen)} token_logprobs, "
            f"{len(tops)} top_logprobs."
        )
    rows = []
    for token, logprob, top in zip(tokens, chosen, tops, strict=True):
        if not isinstance(token, str) or logprob is None:
            raise malformed("A generated token has no logprob.")
        rows.append(Row(Entry(token, None, _logprob(logprob)), _completion_top(top)))
    return rows


def _completion_top(top: Any) -> list[Entry]:
    if top is None:
        return []
    if not isinstance(top, Mapping):
        raise malformed(f"An entry of top_logprobs is {_kind(top)} where an object was expected.")
    return [Entry(token, None, _logprob(value)) for token, value in top.items() if value is not None]


def _position(row: Row, byte_level: bool) -> Position:
    kept = [
        Token(_identity(entry, byte_level), entry.logprob) for entry in row.top if entry.logprob > SENTINEL
    ]
    kept.sort(key=lambda token: -token.logprob)
    return Position(_identity(row.chosen, byte_level), row.chosen.logprob, tuple(kept))


def _identity(entry: Entry, byte_level: bool) -> bytes:
    if entry.listed is not None:
        return entry.listed
    return token_bytes(entry.text, byte_level=byte_level)


def _listed_bytes(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, list):
        with suppress(TypeError, ValueError):
            return bytes(value)
    raise malformed("The bytes of a token are not a list of numbers from 0 to 255.")


def _logprob(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(f"A logprob is {_kind(value)} where a number was expected.")
    if not value <= TOLERANCE:
        raise malformed(f"A logprob is {value:.6g}; the logarithm of a probability is never above 0.")
    return min(float(value), 0.0)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
