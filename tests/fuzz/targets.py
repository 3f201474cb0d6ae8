"""What the inputs are given to. Anything but an answer or a typed failure is a defect, and comes through."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import suppress

from tests.fuzz.inputs import streamed, whole
from verifier.checks.base import Answer
from verifier.client.envelope import error_message, error_shape, parse_json
from verifier.client.exchange import APIS
from verifier.client.faults import Failure
from verifier.client.sse import EventSplitter
from verifier.client.stream import Reassembly

MAX_EVENT_BYTES = 2**14


def one_input(seed: str) -> bool:
    """Make up the input that `seed` names and have it parsed; whether it was an answer.

    Raises whatever the parsers raise beside Failure.
    """
    draw = random.Random(seed)
    with suppress(Failure):
        answer = _stream(draw) if draw.random() < 0.5 else _whole(draw)
        if not isinstance(answer, Answer):
            raise TypeError(f"no answer but {type(answer).__name__}")
        return True
    return False


def given_bytes(data: bytes) -> bool:
    """Have bytes parsed as they are: the first chooses the parser and how a stream is cut; the rest is the
    body. Whether it was an answer. Raises whatever the parsers raise beside Failure.
    """
    chosen, body = data[:1] or b"\0", data[1:]
    api = sorted(APIS)[chosen[0] % len(APIS)]
    size = chosen[0] >> 2
    with suppress(Failure):
        if size == 0:
            _parsed(body, api)
        else:
            _reassembled((body[at : at + size] for at in range(0, len(body), size)), api)
        return True
    return False


def batch(seed: int, first: int, count: int) -> tuple[int, list[tuple[int, str]]]:
    """How many of these inputs were answers, and which broke a parser with what."""
    answers, broken = 0, []
    for number in range(first, first + count):
        try:
            answers += one_input(f"{seed}/{number}")
        except Exception as error:
            broken.append((number, repr(error)[:200]))
    return answers, broken


def _whole(draw: random.Random) -> Answer:
    return _parsed(whole(draw), draw.choice(tuple(APIS)))


def _stream(draw: random.Random) -> Answer:
    api = draw.choice(tuple(APIS))
    return _reassembled(streamed(draw), api)


def _parsed(body: bytes, api: str) -> Answer:
    document = parse_json(body, "The answer")
    error_message(document)
    error_shape(document)
    return APIS[api].parse(document)


def _reassembled(pieces: Iterable[bytes], api: str) -> Answer:
    splitter = EventSplitter(MAX_EVENT_BYTES)
    parts = Reassembly(APIS[api].delta)
    for piece in pieces:
        for data in splitter.feed(piece):
            parts.add(data)
    for data in splitter.finish():
        parts.add(data)
    return parts.answer()
