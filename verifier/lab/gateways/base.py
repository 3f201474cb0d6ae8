"""What all gateways speak: a request that was read, an answer to give, and the servers behind them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

CHAT = "/v1/chat/completions"
RAW = "/v1/completions"

_MOST = 64 * 2**20
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A generating request: its path (`CHAT` or `RAW`) and its JSON object."""

    path: str
    body: Mapping[str, Any]

    def having(self, **changes: Any) -> Request:
        """The request with these parameters in place of its own."""
        return Request(self.path, {**self.body, **changes})

    def without(self, *names: str) -> Request:
        """The request without these parameters."""
        return Request(self.path, {name: value for name, value in self.body.items() if name not in names})

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        """The messages of a chat request, those that can be read as such."""
        said = self.body.get("messages")
        return [one for one in said if isinstance(one, Mapping)] if isinstance(said, list) else []

    @property
    def user_text(self) -> str:
        """The last thing the user says; of a raw request, its text."""
        if self.path == RAW:
            return text_of(self.body.get("prompt"))
        said = [one for one in self.messages if one.get("role") == "user"]
        return text_of(said[-1].get("content")) if said else ""

    @property
    def prefix(self) -> str:
        """The answer's beginning that is to be continued: a trailing assistant message."""
        said = self.messages
        return text_of(said[-1].get("content")) if said and said[-1].get("role") == "assistant" else ""

    @property
    def alternatives(self) -> int | None:
        """How many alternatives per token are asked for; None: no log-probabilities at all."""
        asked = self.body.get("top_logprobs" if self.path == CHAT else "logprobs")
        if self.path == CHAT and not self.body.get("logprobs"):
            return None
        if isinstance(asked, bool) or not isinstance(asked, int):
            return 20 if self.body.get("logprobs") else None  # as llama.cpp has it
        return asked or None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a JSON object. `done`: as a stream, it ends with `[DONE]`."""

    status: int
    body: Mapping[str, Any]
    done: bool = True

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == 200


class Behaviour(Protocol):
    """What a gateway does with a request."""

    async def answer(self, request: Request) -> Answer:
        """The answer to give."""


class Upstream(Protocol):
    """A server to ask."""

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Its answer to a POST of this JSON object."""


class Server:
    """A model server on a port of this machine. One connection for each question."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Its answer; 502 where it gives none that can be read."""
        payload = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_MOST)
        except OSError as error:
            return refusal(502, f"the model server cannot be reached: {error.strerror}")
        try:
            writer.write(head.encode() + payload)
            await writer.drain()
            told, _, said = (await reader.read(-1)).partition(_HEAD_END)
            return Answer(int(told.split(b" ", 2)[1]), json.loads(said))
        except (OSError, ValueError, IndexError) as error:
            return refusal(502, f"the model server's answer cannot be read: {error}")
        finally:
            writer.close()


class Pass:
    """Passes every request on as it is."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def answer(self, request: Request) -> Answer:
        """What the server says."""
        return await self._upstream.ask(request.path, request.body)


def refusal(status: int, why: str, parameter: str | None = None) -> Answer:
    """An error as the OpenAI API words it."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return Answer(status, {"error": {"message": why, "type": kind, "param": parameter, "code": status}})


def text_of(content: Any) -> str:
    """The text of a message's content, which may come in parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part["text"]
            for part in content
            if isinstance(part, Mapping) and isinstance(part.get("text"), str)
        )
    return ""
