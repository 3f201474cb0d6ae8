"""The front passes everything through untouched and counts what the model was really asked."""

from __future__ import annotations

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from verifier.lab.front import COUNT_PATH, Front

STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


class Model:
    """A model server of a few lines: answers each POST with its body, streams and closes on `stream`."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.closed = asyncio.Event()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                self.asked.append(head.split(b"\r\n")[0] + b" " + body)
                await self.hold.wait()
                if b"stream" in body:
                    writer.write(STREAM)
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()
            writer.close()


class Client:
    """One connection to the front."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(
        self, body: bytes, path: str = "/v1/chat/completions", method: str = "POST", more: str = ""
    ) -> None:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        self.writer.write(head.encode() + body)

    async def answer(self) -> tuple[str, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length:")[2].split("\r\n")[0])
        return head.split("\r\n")[0], await self.reader.readexactly(length)

    async def ask(
        self, body: bytes, path: str = "/v1/chat/completions", method: str = "POST"
    ) -> tuple[str, bytes]:
        self.send(body, path, method)
        return await self.answer()


class World:
    """A front before a model, and clients that are closed at the end."""

    def __init__(self, port: int, model: Model) -> None:
        self.port, self.model = port, model
        self.writers: list[StreamWriter] = []

    async def client(self) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return Client(reader, writer)

    async def counts(self) -> dict[str, int]:
        _, body = await (await self.client()).ask(b"", COUNT_PATH, "GET")
        counts: dict[str, int] = json.loads(body)
        return counts


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    model = Model()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    front = await Front(port_of(server), "a/model").start(0)
    made = World(port_of(front), model)
    yield made
    for writer in made.writers:
        writer.close()
    front.close()
    server.close()


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def test_requests_and_answers_pass_unchanged_on_one_connection(world: World) -> None:
    client = await world.client()
    for body in (b'{"n": 1}', b'{"n": 2}', b"x" * 300_000):
        assert await client.ask(body) == ("HTTP/1.1 200 OK", body)
    assert world.model.asked[0] == b'POST /v1/chat/completions HTTP/1.1 {"n": 1}'
    assert await world.counts() == {"requests": 3, "answered": 3, "distinct": 3}


async def test_repeats_are_seen(world: World) -> None:
    client = await world.client()
    for body in (b"a", b"b", b"a"):
        await client.ask(body)
    await client.ask(b"a", "/v1/completions")
    assert await world.counts() == {"requests": 4, "answered": 4, "distinct": 3}


async def test_a_stream_arrives_whole_and_the_broken_connection_with_it(world: World) -> None:
    client = await world.client()
    client.send(b"stream")
    assert await client.reader.read(-1) == STREAM  # until the connection is closed, as the model server did
    assert await world.counts() == {"requests": 1, "answered": 1, "distinct": 1}


async def test_a_request_on_a_connection_the_model_closed_is_not_counted_as_answered(world: World) -> None:
    client = await world.client()
    client.send(b"stream")
    client.send(b"too late")
    await client.reader.read(-1)
    counts = await world.counts()
    assert counts["answered"] == counts["distinct"] == 1


async def test_a_client_that_leaves_is_asked_for_but_not_answered(world: World) -> None:
    world.model.hold.clear()
    client = await world.client()
    client.send(b"slow")
    while not world.model.asked:
        await asyncio.sleep(0)
    client.writer.close()
    await client.writer.wait_closed()
    world.model.hold.set()
    await asyncio.wait_for(world.model.closed.wait(), 10)
    assert await world.counts() == {"requests": 1, "answered": 0, "distinct": 0}


async def test_many_clients_at_once(world: World) -> None:
    clients = [await world.client() for _ in range(20)]
    answers = await asyncio.gather(*[one.ask(b"%d" % number) for number, one in enumerate(clients)])
    assert [body for _, body in answers] == [b"%d" % number for number in range(20)]
    assert await world.counts() == {"requests": 20, "answered": 20, "distinct": 20}


async def test_models_are_listed_without_giving_anything_away(world: World) -> None:
    status, body = await (await world.client()).ask(b"", "/v1/models?x=1", "GET")
    assert status == "HTTP/1.1 200 OK"
    assert [one["id"] for one in json.loads(body)["data"]] == ["a/model"]
    assert not world.model.asked
    assert (await world.counts())["requests"] == 0


@pytest.mark.parametrize("path", ["/props", "/slots", "/v1/embeddings", "/", "//v1/chat/completions"])
async def test_other_paths_are_not_there(world: World, path: str) -> None:
    client = await world.client()
    status, body = await client.ask(b"{}", path)
    assert status == "HTTP/1.1 404 Not Found"
    assert "no such path" in json.loads(body)["error"]["message"]
    assert not world.model.asked
    assert await client.ask(b"{}") == ("HTTP/1.1 200 OK", b"{}")  # the connection is still good


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", "400 Bad Request"),
        (b"POST /v1/completions HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"),
        (b"POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "411 Length Required"),
        (b"POST /v1/completions HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "413 Content Too Large"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "431 Request Header Fields Too Large"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_the_connection_closed(
    world: World, request_bytes: bytes, status: str
) -> None:
    client = await world.client()
    client.writer.write(request_bytes)
    answer = await client.reader.read(-1)
    assert answer.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert not world.model.asked


async def test_a_model_server_that_is_gone_closes_the_connection(world: World) -> None:
    front = await Front(1, "a/model").start(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
    world.writers.append(writer)
    assert await reader.read(-1) == b""
    front.close()
