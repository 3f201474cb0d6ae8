"""Answers as servers send them, changed by chance: in their bytes, in their JSON, or both."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.verifier.client.hostile import chat, entry, event

CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
RAW = {
    "choices": [
        {
            "index": 0,
            "text": " Paris",
            "finish_reason": "length",
            "logprobs": {
                "tokens": [" Paris"],
                "token_logprobs": [-0.1],
                "top_logprobs": [{" Paris": -0.1, " Rome": -3.0}],
                "text_offset": [0],
            },
        }
    ],
    "usage": {"prompt_tokens": 7, "completion_tokens": 1},
}
WHOLE: tuple[dict[str, Any], ...] = (
    chat(),
    chat(content=None, tool_calls=[CALL]),
    chat(logprobs={"content": [entry("Ġis"), entry("â", bytes=[226]), entry("token_id:7", bytes=None)]}),
    RAW,
    {"error": {"message": "out of memory", "type": "server_error", "code": 500}},
    {"detail": [{"loc": ["body", "logprobs"], "msg": "extra fields not permitted"}]},
)
EVENTS: tuple[dict[str, Any], ...] = (
    event(" Paris"),
    event(choices=[{"index": 0, "delta": {"tool_calls": [CALL]}}]),
    event(choices=[{"index": 0, "delta": {"reasoning_content": "so"}, "logprobs": {"content": [entry()]}}]),
    event(choices=[{"index": 1, "text": " Rome"}]),
    event("", finish="stop"),
    {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 255, 256, 2**31, 2**63, 10**39, -0.0, 0.5, 3.5, -1e-300, 1e308),
    *("", "a", "0", "-1", "\x00", "\ud800", "\u2028", "é" * 300, "Ġ", "token_id:0", "[DONE]", "data: "),
    *([], [[]], {}, {"": {}}, [None], [0, 1], {"content": []}, {"token": "a"}, {"logprob": "-1"}),
)
PIECES = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"\\",
        b"\\u0000",
        b"\\ud83d",
        b"\\u",
        b"\\x",
        b"NaN",
        b"-Infinity",
    ),
    *(
        b"1e999",
        b"1" * 60,
        b"-",
        b"0x1",
        b"null",
        b"tru",
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xf0\x9f",
        b"\xef\xbb\xbf",
    ),
    *(
        b"data:",
        b"data: ",
        b"event: error",
        b": ping",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\n",
        b"\x0b",
        b"\x85",
        b"[DONE]",
    ),
    *(b"[" * 200, b'{"a":' * 90, b'"error":', b'"choices":null,', b'"index":-1,', "\u2028".encode()),
)
MOST_CHANGES = 4

Change = Callable[[random.Random, bytearray], None]


def whole(draw: random.Random) -> bytes:
    """A whole answer, more or less."""
    return _bytes_changed(draw, _written(draw, _json_changed(draw, draw.choice(WHOLE))))


def streamed(draw: random.Random) -> list[bytes]:
    """A stream of events, more or less, in the pieces in which it arrives."""
    events = [_json_changed(draw, draw.choice(EVENTS)) for _ in range(draw.randint(0, 5))]
    lines = [b"data: " + _written(draw, one) for one in events]
    if draw.random() < 0.7:
        lines.append(b"data: [DONE]")
    end = draw.choice((b"\n\n", b"\r\n\r\n", b"\r\r", b"\n"))
    return list(_cut(draw, _bytes_changed(draw, end.join([*lines, b""]))))


def _written(draw: random.Random, document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")


def _json_changed(draw: random.Random, document: Any) -> Any:
    """The document with some of its values replaced, dropped or renamed."""
    changed = copy.deepcopy(document)
    for _ in range(draw.choice((0, 0, 0, 1, 1, MOST_CHANGES))):
        places = list(_places(changed))
        if not places:
            break
        container, key = draw.choice(places)
        how = draw.random()
        if how < 0.7:
            container[key] = copy.deepcopy(draw.choice(VALUES))
        elif how < 0.85:
            del container[key]
        elif isinstance(container, dict):
            container[draw.choice(("content", "token", "top_logprobs", "index", ""))] = container.pop(key)
        else:
            container.extend(copy.deepcopy(container[:8]))
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with every key that is in it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _bytes_changed(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((0, 0, 0, 0, 1, MOST_CHANGES))):
        draw.choice(CHANGES)(draw, changed)
    return bytes(changed)


def _cut(draw: random.Random, content: bytes) -> Iterator[bytes]:
    while content:
        size = draw.choice((1, 2, 7, 64, 1000))
        yield content[:size]
        content = content[size:]


def _insert(draw: random.Random, content: bytearray) -> None:
    at = draw.randint(0, len(content))
    content[at:at] = draw.choice(PIECES)


def _replace(draw: random.Random, content: bytearray) -> None:
    if content:
        content[draw.randrange(len(content))] = draw.randrange(256)


def _drop(draw: random.Random, content: bytearray) -> None:
    at = draw.randint(0, len(content))
    del content[at : at + draw.randint(1, 40)]


def _repeat(draw: random.Random, content: bytearray) -> None:
    at = draw.randint(0, len(content))
    content[at:at] = content[at : at + draw.randint(1, 80)]


def _truncate(draw: random.Random, content: bytearray) -> None:
    del content[draw.randint(0, len(content)) :]


CHANGES: tuple[Change, ...] = (_insert, _replace, _drop, _repeat, _truncate)
