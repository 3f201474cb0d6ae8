"""A real server on loopback that answers as it is told, and the pieces to tell it with."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request as it arrived. `number` counts from 1 over the life of the server."""

    number: int
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass
class Server:
    """A running server; set `behaviour` to change its ways from the next request on."""

    port: int
    behaviour: Behaviour
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def address(self) -> str:
        """As an allow-list entry."""
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """A server that answers every request on a connection by the behaviour, until it closes it."""
    tasks: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        server.connections += 1
        try:
            while not writer.is_closing():
                request = await _read_request(reader, len(server.requests) + 1)
                server.requests.append(request)
                await server.behaviour(request, writer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(connection, host, 0, ssl=tls)
    server = Server(listener.sockets[0].getsockname()[1], behaviour)
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader, number: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(number, first.split(" ")[1], headers, json.loads(body or b"{}"))


# ── what a good answer looks like ──────────────────────────────────────────────────────────────────


def entry(token: str = " Paris", logprob: float = -0.1, **changes: Any) -> dict[str, Any]:
    """One generated token in the chat shape."""
    top = [
        {"token": token, "logprob": logprob, "bytes": list(token.encode())},
        {"token": " Rome", "logprob": -3.0, "bytes": list(b" Rome")},
    ]
    return {
        "token": token,
        "logprob": logprob,
        "bytes": list(token.encode()),
        "top_logprobs": top,
        **changes,
    }


def chat(**changes: Any) -> dict[str, Any]:
    """A good chat completion of one token; `content`, `logprobs`, `usage` and the like may be changed."""
    message = {"role": "assistant", "content": changes.pop("content", " Paris")}
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": "length",
        "logprobs": changes.pop("logprobs", {"content": [entry()]}),
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "a-model",
        "system_fingerprint": "fp_1",
        "choices": [choice],
        "usage": {"prompt_tokens": 7, "completion_tokens": 1},
        **changes,
    }


def event(text: str = " Paris", *, finish: str | None = None, **changes: Any) -> dict[str, Any]:
    """One event of a streamed chat completion."""
    choice = {
        "index": 0,
        "delta": {"content": text},
        "finish_reason": finish,
        "logprobs": {"content": [entry(text)]} if text else None,
    }
    return {"object": "chat.completion.chunk", "model": "a-model", "choices": [choice], **changes}


def sse(*documents: Mapping[str, Any] | str, done: bool = True, end: str = "\n") -> bytes:
    """Events as bytes; a string stands for itself as data."""
    data = [d if isinstance(d, str) else json.dumps(d, ensure_ascii=False) for d in documents]
    return "".join(f"data: {d}{end}{end}" for d in [*data, *(["[DONE]"] if done else [])]).encode()


# ── how to answer ──────────────────────────────────────────────────────────────────────────────────


def reply(
    body: bytes | str | Any,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """Answer with a whole body; what is no bytes and no string is sent as JSON."""
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = {"Content-Type": content_type, "Content-Length": str(len(data)), **(headers or {})}
    head = (
        f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    )

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode("latin-1") + data)

    return behave


def raw(data: bytes, *, close: bool = True) -> Behaviour:
    """Answer with these very bytes."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            writer.close()
        else:
            await asyncio.Event().wait()

    return behave


def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Behaviour:
    """Answer with a piece again and again, as fast as it is taken or with a pause."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


def stream(data: bytes, content_type: str = "text/event-stream") -> Behaviour:
    """Answer with these bytes as a chunked stream that ends as it should."""
    return raw(stream_head(content_type) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data))


def stream_head(content_type: str = "text/event-stream") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def status(code: int, body: Any = None, **headers: str) -> Behaviour:
    """Answer with an error in the OpenAI shape."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = {"error": {"message": f"this is error {code}"}} if body is None else body
    return reply(said, status=f"{code} Some Reason", headers=named)


def logprobs(content: Any) -> Behaviour:
    """Answer with these logprobs in place of the good ones."""
    return reply(chat(logprobs=content))


def text_logprobs(**lists: Any) -> Behaviour:
    """Answer a text completion with these logprobs lists."""
    good = {"tokens": [" Paris"], "token_logprobs": [-0.1], "top_logprobs": [{" Paris": -0.1, " Rome": -3.0}]}
    choice = {"index": 0, "text": " Paris", "finish_reason": "length", "logprobs": {**good, **lists}}
    return reply({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 1}})
