"""The door of a deployment that does more than pass bytes on: it reads each request and writes each answer.

What it does with them is a behaviour of gateways/; what its users may see is `deployment.Access`. It counts
as the front does. Answers come whole: streams are refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from asyncio import StreamReader, StreamWriter
from typing import Any

from verifier.lab import access as door
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
                writer.write(await self._response(head, body, reader))
                await writer.drain()
                if head.closes:
                    return
        except BadRequest as bad:
            writer.write(http_answer(bad.status, {"error": {"message": bad.status}}))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            writer.close()

    async def _response(self, head: Head, body: bytes, reader: StreamReader) -> bytes:
        own = own_answer(head, self.count, self._model)
        if own is not None:
            return own
        if head.path not in GENERATING_PATHS:
            return http_answer("200 OK", {"status": "ok"})
        asked = self._read(head, body)
        if isinstance(asked, Answer):
            return _written(asked)
        self.count.requests += 1
        answer = await self._behaviour.answer(door.admit(self._access, asked))
        if not reader.at_eof():
            self.count.answered += 1
            self.count.bodies.add(hashlib.sha256(head.path.encode() + b"\n" + body).digest())
        return _written(door.show(self._access, self._vocabulary, answer))

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
        if asked.get("stream"):
            return refusal(400, "streaming is not supported here: leave out 'stream'", "stream")
        request = Request(head.path, asked)
        return door.refuse(self._access, request) or request


def _written(answer: Answer) -> bytes:
    return http_answer(f"{answer.status} {_REASONS.get(answer.status, 'Error')}", dict(answer.body))
