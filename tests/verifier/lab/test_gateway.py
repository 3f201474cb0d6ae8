"""The gateway's HTTP side: it reads, counts, refuses and answers as the front does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.verifier.lab.gateways.toy import VOCABULARY
from verifier.lab.deployment import Access
from verifier.lab.front import COUNT_PATH
from verifier.lab.gateway import Gateway
from verifier.lab.gateways.base import CHAT, RAW, Answer, Pass, Request, Server


class Echo:
    """Answers with the body it got, once it is let."""

    def __init__(self) -> None:
        self.hold = asyncio.Event()
        self.hold.set()
        self.asked = asyncio.Event()
        self.bodies: list[Any] = []
        self.says: dict[str, Any] | None = None

    async def answer(self, request: Request) -> Answer:
        self.bodies.append(request.body)
        self.asked.set()
        await self.hold.wait()
        if self.says is not None:
            return Answer(200, self.says)
        return Answer(503 if request.body.get("fail") else 200, {"echo": request.body, "path": request.path})


class World:
    """A gateway before an echo."""

    def __init__(self, port: int, echo: Echo) -> None:
        self.port, self.echo = port, echo

    async def ask(self, *requests: tuple[str, str, bytes]) -> list[tuple[int, Any]]:
        """The answers to requests sent over one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answers = []
        for method, path, body in requests:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            told = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(told.lower().partition("content-length:")[2].split("\r\n")[0])
            answers.append((int(told.split(" ")[1]), json.loads(await reader.readexactly(length))))
        writer.close()
        return answers

    async def counts(self) -> dict[str, int]:
        ((_, counted),) = await self.ask(("GET", COUNT_PATH, b""))
        counts: dict[str, int] = counted
        return counts


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    echo = Echo()
    server = await Gateway(echo, Access(top_logprobs=5, completions=False), VOCABULARY, "a/model").start(0)
    yield World(port_of(server), echo)
    server.close()


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def test_requests_are_answered_and_counted_on_one_connection(world: World) -> None:
    bodies = [b'{"n": 1}', b'{"n": 2}', b'{"n": 1}', b'{"fail": true}']
    answers = await world.ask(*(("POST", CHAT + "?x=1", body) for body in bodies))
    assert [status for status, _ in answers] == [200, 200, 200, 503]
    assert answers[1][1] == {"echo": {"n": 2}, "path": CHAT}
    assert await world.counts() == {"requests": 4, "answered": 4, "distinct": 3}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", CHAT, b"{", 400, "not JSON"),
        ("POST", CHAT, b"[1]", 400, "must be a JSON object"),
        ("POST", CHAT, b"\xff", 400, "not JSON"),
        ("GET", CHAT, b"", 405, "POST only"),
        ("POST", CHAT, b'{"logprobs": true, "top_logprobs": 6}', 400, "less than or equal to 5"),
        ("POST", RAW, b"{}", 404, "no such path"),
        ("POST", "/props", b"{}", 404, "no such path"),
    ],
)
async def test_what_is_refused_is_explained_and_not_counted(
    world: World, method: str, path: str, body: bytes, status: int, says: str
) -> None:
    (refused, still_good) = await world.ask((method, path, body), ("POST", CHAT, b"{}"))
    assert refused[0] == status
    assert says in refused[1]["error"]["message"]
    assert still_good[0] == 200
    assert await world.counts() == {"requests": 1, "answered": 1, "distinct": 1}


async def test_models_are_listed_and_health_is_told(world: World) -> None:
    models, health = await world.ask(("GET", "/v1/models", b""), ("GET", "/health", b""))
    assert [one["id"] for one in models[1]["data"]] == ["a/model"]
    assert health == (200, {"status": "ok"})
    assert (await world.counts())["requests"] == 0


async def test_a_malformed_request_is_refused_and_the_connection_closed(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(b"nonsense\r\n\r\n")
    assert (await reader.read(-1)).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    writer.close()


async def test_a_client_that_leaves_is_asked_for_but_not_answered(world: World) -> None:
    world.echo.hold.clear()
    _, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(b"POST %s HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" % CHAT.encode())
    await world.echo.asked.wait()
    writer.close()
    await writer.wait_closed()
    await world.counts()  # a round trip: the end of the other connection has arrived
    world.echo.hold.set()
    while (counts := await world.counts())["requests"] != 1:
        pass
    assert counts == {"requests": 1, "answered": 0, "distinct": 0}


async def test_many_clients_at_once(world: World) -> None:
    asked = [("POST", CHAT, b'{"n": %d}' % number) for number in range(20)]
    answers = await asyncio.gather(*(world.ask(one) for one in asked))
    assert [told[0][1]["echo"]["n"] for told in answers] == list(range(20))
    assert (await world.counts())["distinct"] == 20


async def test_a_connection_is_closed_on_request(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(b"GET /health HTTP/1.1\r\nConnection: Close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(-1), 20)).endswith(b'{"status": "ok"}')
    writer.close()


async def test_a_gateway_behind_a_gateway_passes_answers_and_refusals(world: World) -> None:
    passing = Pass(Server(world.port))
    assert (await passing.answer(Request(CHAT, {"n": 1}))).body["echo"] == {"n": 1}
    refused = await passing.answer(Request(CHAT, {"logprobs": True, "top_logprobs": 6}))
    assert refused.status == 400


async def test_a_model_server_that_is_gone_is_a_bad_gateway() -> None:
    answer = await Server(1).ask(CHAT, {})
    assert answer.status == 502
    assert "cannot be reached" in answer.body["error"]["message"]


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1", b"HTTP/1.1 200 OK\r\n\r\nnot json"])
async def test_a_model_server_that_talks_nonsense_is_a_bad_gateway(said: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    assert (await Server(port_of(server)).ask(CHAT, {})).status == 502
    server.close()


async def test_a_stream_is_sent_in_chunks_and_the_connection_stays_good(world: World) -> None:
    choice = {"index": 0, "message": {"content": "one two"}, "finish_reason": "stop"}
    world.echo.says = {"choices": [choice]}
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    body = b'{"stream": true, "stream_options": {}, "n": 3}'
    for _ in range(2):
        writer.write(b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (CHAT.encode(), len(body), body))
        told = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert "text/event-stream" in told
        data = b""
        while size := int(await reader.readline(), 16):
            data += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        assert data.count(b"data: ") == 5
        assert data.endswith(b"data: [DONE]\n\n")
    writer.close()
    assert world.echo.bodies[-1] == {"n": 3}, "the model is asked for the whole"
    assert await world.counts() == {"requests": 2, "answered": 2, "distinct": 1}
