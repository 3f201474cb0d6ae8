"""The door of a lab deployment: an HTTP front that counts what the model is asked, so claims can be tested.

It passes bytes through in both directions, untouched and as they come (streams, keep-alive, broken
connections and all), and reads only the requests: it lets through the OpenAI paths, answers `/v1/models`
itself (llama.cpp's own answer gives away file type and size, which no cheating provider would) and keeps
three counts, read with `GET /lab/requests`:

- `requests`: generating requests handed to the model,
- `answered`: those it began to answer (fewer when a client went away or a connection broke first),
- `distinct`: different bodies among the answered ones; `answered - distinct` questions were repeats.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from typing import Any

COUNT_PATH = "/lab/requests"
GENERATING_PATHS = frozenset({"/v1/chat/completions", "/v1/completions"})

_OPEN_PATHS = GENERATING_PATHS | {"/health"}
_MODELS_PATH = "/v1/models"
MAX_HEAD = 64 * 1024
_MAX_BODY = 32 * 2**20
_CHUNK = 64 * 1024


@dataclass(slots=True)
class Count:
    """What the model behind the front was asked since it started."""

    requests: int = 0
    answered: int = 0
    bodies: set[bytes] = field(default_factory=set)

    def as_json(self) -> dict[str, int]:
        """The counts as the front reports them."""
        return {"requests": self.requests, "answered": self.answered, "distinct": len(self.bodies)}


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and headers of one request: method, path without query, body length, the raw bytes."""

    method: str
    path: str
    length: int | None
    raw: bytes

    @property
    def closes(self) -> bool:
        """Whether the client wants the connection closed after the answer."""
        return b"\r\nconnection: close\r\n" in self.raw.lower()


class BadRequest(Exception):
    """A request the front will not read, with the HTTP status that says why."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Front:
    """Forwards to the model server at `upstream_port` of this machine what is asked of `model`."""

    def __init__(self, upstream_port: int, model: str) -> None:
        self.count = Count()
        self._upstream_port = upstream_port
        self.model = model

    async def start(self, port: int) -> asyncio.Server:
        """Listen on `port` of 127.0.0.1 (0: any free one); the caller closes what is returned.

        Raises:
            OSError: the port cannot be had.
        """
        return await asyncio.start_server(self._serve, "127.0.0.1", port, limit=MAX_HEAD)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            from_model, to_model = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            writer.close()
            return
        connection = _Connection(self, reader, writer, from_model, to_model)
        answers = asyncio.create_task(connection.pass_answers())
        try:
            await connection.pass_requests()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away; so does its question
        finally:
            answers.cancel()
            to_model.close()
            writer.close()


class _Connection:
    """One client connection and the model connection that belongs to it."""

    def __init__(
        self,
        front: Front,
        reader: StreamReader,
        writer: StreamWriter,
        from_model: StreamReader,
        to_model: StreamWriter,
    ) -> None:
        self._front = front
        self._reader = reader
        self._writer = writer
        self._from_model = from_model
        self._to_model = to_model
        self._asked: bytes | None = None
        """Digest of the generating request that has had no answer yet."""

    async def pass_requests(self) -> None:
        """Forward requests until the client closes, or sends what the front will not read."""
        while True:
            try:
                head = await read_head(self._reader)
                if head is None:
                    return
                body = await self._reader.readexactly(head.length or 0)
            except BadRequest as bad:
                self._writer.write(http_answer(bad.status, {"error": {"message": bad.status}}))
                await self._writer.drain()
                return
            own = own_answer(head, self._front.count, self._front.model)
            if own is not None:
                self._writer.write(own)
                await self._writer.drain()
                continue
            if self._from_model.at_eof():
                return  # the model server closed this connection; the client will open another
            if head.method == "POST" and head.path in GENERATING_PATHS:
                self._asked = hashlib.sha256(head.path.encode() + b"\n" + body).digest()
                self._front.count.requests += 1
            self._to_model.write(head.raw + body)
            await self._to_model.drain()

    async def pass_answers(self) -> None:
        """Copy what the model says to the client; close the client's side when the model closes its own."""
        try:
            while data := await self._from_model.read(_CHUNK):
                if self._asked is not None:
                    self._front.count.answered += 1
                    self._front.count.bodies.add(self._asked)
                    self._asked = None
                self._writer.write(data)
                await self._writer.drain()
        except ConnectionError:
            pass
        finally:
            self._writer.close()


def own_answer(head: Head, count: Count, model: str) -> bytes | None:
    """The door's own answer to a request, or None where the model is to be asked."""
    if head.path == COUNT_PATH:
        return http_answer("200 OK", count.as_json())
    if head.path == _MODELS_PATH:
        listed = {"id": model, "object": "model", "created": 0, "owned_by": "lab"}
        return http_answer("200 OK", {"object": "list", "data": [listed]})
    if head.path not in _OPEN_PATHS:
        return http_answer("404 Not Found", {"error": {"message": f"no such path: {head.path}", "code": 404}})
    return None


async def read_head(reader: StreamReader) -> Head | None:
    """Read one request's head; None when the client closed instead of asking.

    Raises:
        BadRequest: a malformed or over-long head, a body without a length or beyond 32 MiB.
        asyncio.IncompleteReadError: the client closed in the middle.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    except asyncio.LimitOverrunError:
        raise BadRequest("431 Request Header Fields Too Large") from None
    lines = raw.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3:
        raise BadRequest("400 Bad Request")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
    }
    if "transfer-encoding" in headers:
        raise BadRequest("411 Length Required")
    length = headers.get("content-length")
    if length is not None and not (length.isascii() and length.isdigit()):
        raise BadRequest("400 Bad Request")
    if length is not None and int(length) > _MAX_BODY:
        raise BadRequest("413 Content Too Large")
    return Head(parts[0], parts[1].partition("?")[0], int(length) if length else None, raw)


def http_answer(status: str, body: dict[str, Any]) -> bytes:
    """A whole HTTP answer with a JSON object in it; `status` is its number and reason."""
    payload = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    return head.encode() + payload
