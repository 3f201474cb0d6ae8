"""What the inputs are given to. Anything but an answer or a typed failure is a defect, and comes through."""

from __future__ import annotations

import random
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
    document = parse_json(whole(draw), "The answer")
    error_message(document)
    error_shape(document)
    return APIS[draw.choice(tuple(APIS))].parse(document)


def _stream(draw: random.Random) -> Answer:
    splitter = EventSplitter(MAX_EVENT_BYTES)
    parts = Reassembly(APIS[draw.choice(tuple(APIS))].delta)
    for piece in streamed(draw):
        for data in splitter.feed(piece):
            parts.add(data)
    for data in splitter.finish():
        parts.add(data)
    return parts.answer()
