"""A streamed answer, put together again to the same answer it would have been in one piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from verifier.checks.base import Answer, Fault, Streamed
from verifier.client.envelope import MAX_CHOICES, assemble, label, parse_json, refuse_error, text_of
from verifier.client.faults import Failure, malformed
from verifier.client.limits import Limits
from verifier.client.logprobs import MAX_ENTRIES, Row, read_rows
from verifier.client.messages import ToolCalls, reasoning_of
from verifier.client.sse import EventSplitter

DONE = b"[DONE]"

Delta = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Finds what a choice of one event adds to the message; what tells the APIs apart."""


class Reassembly:
    """Collects events until `finished`. `complete` says whether the answer's end was among them."""

    def __init__(self, delta: Delta) -> None:
        self._delta = delta
        self._texts: dict[int, list[str]] = {}
        self._reasoning: list[str] = []
        self._calls = ToolCalls()
        self._rows: list[Row] | None = None
        self._entries = 0
        self._finish_reason: str | None = None
        self._usage: Any = None
        self._labels: dict[str, str | None] = {"model": None, "system_fingerprint": None}
        self._any_choice = False
        self.finished = False
        self.events = 0
        self.pieces = 0
        """Events that brought text, reasoning or a tool call."""

    @property
    def complete(self) -> bool:
        return self.finished or self._finish_reason is not None

    @property
    def started(self) -> bool:
        """Whether anything generated has arrived (a role, or a ping, is not)."""
        return bool(self.pieces or self._rows)

    def add(self, data: bytes) -> None:
        """Take the data of one event.

        Raises:
            Failure: it is not an event of this API, or it is an error.
        """
        if data.strip() == DONE:
            self.finished = True
            return
        self.events += 1
        document = refuse_error(parse_json(data, "An event of the stream"))
        if document.get("usage") is not None:
            self._usage = document["usage"]
        for name in self._labels:
            self._labels[name] = label(document, name) or self._labels[name]
        choices = document.get("choices")
        if choices is None and "usage" in document:
            return
        if not isinstance(choices, list):
            raise malformed("An event of the stream has no choices.")
        for choice in choices:
            if not isinstance(choice, Mapping):
                raise malformed("A choice of an event is not an object.")
            index = choice.get("index") or 0
            if type(index) is not int or not 0 <= index <= MAX_CHOICES:
                raise malformed("The index of a choice is no small count.")
            self._add_choice(index, choice)

    def answer(self, first: float | None = None, last: float | None = None) -> Answer:
        """The answer, whose first and last piece came so many seconds after the request.

        Raises:
            Failure: TRUNCATED when the stream ended before it, MALFORMED when there was none in it.
        """
        if not self.complete:
            raise Failure(
                Fault.TRUNCATED,
                "The stream ended without a finish_reason and without [DONE]: it was cut off.",
            )
        if not self._any_choice:
            raise malformed("The stream has no choices.")
        texts = ["".join(self._texts.get(index, ())) for index in range(max(self._texts, default=0) + 1)]
        return assemble(
            texts[0],
            self._rows,
            finish_reason=self._finish_reason,
            usage=self._usage,
            model=self._labels["model"],
            system_fingerprint=self._labels["system_fingerprint"],
            tool_calls=self._calls.calls(),
            reasoning="".join(self._reasoning),
            others=tuple(texts[1:]),
            streamed=Streamed(self.events, self.pieces, self.finished, self._usage is not None, first, last),
        )

    def _add_choice(self, index: int, choice: Mapping[str, Any]) -> None:
        self._any_choice = True
        delta = self._delta(choice)
        text = text_of(delta.get("content"))
        if text:
            self._texts.setdefault(index, []).append(text)
        if index:
            return
        thought = reasoning_of(delta)
        if thought:
            self._reasoning.append(thought)
        called = self._calls.add(delta)
        self.pieces += bool(text or thought or called)
        rows = read_rows(choice.get("logprobs"))
        if rows is not None:
            self._entries += sum(1 + len(row.top) for row in rows)
            if self._entries > MAX_ENTRIES:
                raise Failure(Fault.TOO_LARGE, "The stream lists more tokens than any answer needs.")
            if self._rows is None:
                self._rows = []
            self._rows.extend(rows)
        self._finish_reason = label(choice, "finish_reason") or self._finish_reason


async def read_stream(
    body: AsyncIterator[bytes], delta: Delta, limits: Limits, started: float
) -> tuple[Answer, float | None]:
    """The answer in a stream, and when its first token came (seconds after `started`, on the loop's clock).

    Reads no further than `[DONE]`.

    Raises:
        Failure: the stream is cut off, too slow, too large, or not what the API promises.
    """
    loop = asyncio.get_running_loop()
    splitter = EventSplitter(limits.max_event_bytes)
    parts = Reassembly(delta)
    first_token: float | None = None
    last: float | None = None

    def take(data: bytes) -> None:
        nonlocal first_token, last
        before = parts.pieces
        parts.add(data)
        if first_token is None and parts.started:
            first_token = loop.time() - started
        if parts.pieces > before:
            last = loop.time() - started

    try:
        async with asyncio.timeout_at(started + limits.first_token) as pace:
            async for chunk in body:
                for data in splitter.feed(chunk):
                    take(data)
                    if parts.finished:
                        return parts.answer(first_token, last), first_token
                    pace.reschedule(loop.time() + limits.inter_token)
            for data in splitter.finish():
                take(data)
    except TimeoutError:
        if not pace.expired():
            raise
        waited = limits.first_token if first_token is None else limits.inter_token
        raise Failure(Fault.TIMEOUT, f"The stream was silent for {waited:g} s.") from None
    except Failure as failure:
        if failure.fault is not Fault.TRUNCATED or not parts.complete:
            raise
    return parts.answer(first_token, last), first_token
