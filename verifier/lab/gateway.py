"""The door of a deployment that does more than pass bytes on: it reads each request and writes each answer.

What it does with them is a behaviour of gateways/; what its users may see is `deployment.Access`. It counts
as the front does. Answers come whole from the server behind; who asked for a stream gets one (streaming.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from typing import Any

from verifier.lab import access as door
from verifier.lab import streaming
from verifier.lab.deployment import Access
from verifier.lab.front import (
    GENERATING_PATHS,
    MAX_HEAD,
    BadRequest,
    Count,
    Head,
    http_answer,
    own_answer,
    read_head,
)
from verifier.lab.gateways.base import Answer, Behaviour, Request, refusal
from verifier.lab.vocabulary import Vocabulary

_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    502: "Bad Gateway",
    503: "Service Unavailable",
}

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Gateway:
    """Answers for `model` as `behaviour` does, showing what `access` allows."""

    def __init__(self, behaviour: Behaviour, access: Access, vocabulary: Vocabulary, model: str) -> None:
        self.count = Count()
        self._behaviour, self._access, self._vocabulary = behaviour, access, vocabulary
        self._model = model

    async def start(self, port: int) -> asyncio.Server:
        """Listen on `port` of 127.0.0.1 (0: any free one); the caller closes what is returned.

        Raises:
            OSError: the port cannot be had.
        """
        return await asyncio.start_server(self._serve, "127.0.0.1", port, limit=MAX_HEAD)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while (head := await read_head(reader)) is not None:
                body = await reader.readexactly(head.length or 0)
                async for part in self._response(head, body, reader):
                    writer.write(part)
                    await writer.drain()
                if head.closes:
                    return
        except BadRequest as bad:
            writer.write(http_answer(bad.status, {"error": {"message": bad.status}}))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            writer.close()

    async def _response(self, head: Head, body: bytes, reader: StreamReader) -> AsyncIterator[bytes]:
        """The parts of an answer, each sent as soon as it is there."""
        own = own_answer(head, self.count, self._model)
        if own is not None:
            yield own
            return
        if head.path not in GENERATING_PATHS:
            yield http_answer("200 OK", {"status": "ok"})
            return
        asked = self._read(head, body)
        if isinstance(asked, Answer):
            yield _written(asked)
            return
        self.count.requests += 1
        whole = asked.without("stream", "stream_options")
        answer = await self._behaviour.answer(door.admit(self._access, whole))
        if not reader.at_eof():
            self.count.answered += 1
            self.count.bodies.add(hashlib.sha256(head.path.encode() + b"\n" + body).digest())
        shown = door.show(self._access, self._vocabulary, answer)
        if not streaming.is_asked(asked.body) or "choices" not in shown.body:
            yield _written(shown)
            return
        yield STREAM_HEAD
        for event in streaming.events(shown, asked.body):
            yield b"%x\r\n%s\r\n" % (len(event), event)
        yield b"0\r\n\r\n"

    def _read(self, head: Head, body: bytes) -> Request | Answer:
        """The request, or the refusal of one that is not passed on."""
        if head.method != "POST":
            return refusal(405, f"{head.path} takes POST only")
        try:
            asked: Any = json.loads(body)
        except ValueError as error:
            return refusal(400, f"the body is not JSON: {error}")
        if not isinstance(asked, dict):
            return refusal(400, "the body must be a JSON object")
        request = Request(head.path, asked)
        return door.refuse(self._access, request) or request


def _written(answer: Answer) -> bytes:
    return http_answer(f"{answer.status} {_REASONS.get(answer.status, 'Error')}", dict(answer.body))
