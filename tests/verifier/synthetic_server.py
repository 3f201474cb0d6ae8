"""The made-up language model behind a real OpenAI-compatible HTTP server on loopback.

For the command line, which does I/O: nothing between it and the socket is replaced. `broken` names a way
in which the server answers that is no answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.verifier.synthetic import Synthetic
from verifier.checks.base import Answer, Fault, Position, Probe, Purpose

STATUS = {Fault.REJECTED: 400, Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429}
BROKEN = {
    "500": (500, b'{"error":{"message":"it is broken"}}'),
    "html": (200, b"<!doctype html><title>Welcome to nginx</title>"),
    "no-choices": (200, b'{"choices":[]}'),
    "empty": (200, b""),
    "error-object": (200, b'{"error":{"message":"out of memory","code":500}}'),
    "a-list": (200, b"[]"),
}
"""Whole answers; `nan`, `above-zero`, `endless` and `silence` are made as they are sent."""

TOKENS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "/tokenize": lambda body: {"tokens": body["content"].split(" ")},
    "/detokenize": lambda body: {"content": " ".join(body["tokens"])},
}
"""llama.cpp's own paths, for the lab's gateways: a token for each word."""


class Server(ThreadingHTTPServer):
    """Serves `endpoint`; `requests` counts what came in. Cleared, `gate` holds every answer back."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, endpoint: Synthetic, broken: str | None, key: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = endpoint
        self.broken = broken
        self.key = key
        self.lock = threading.Lock()
        self.requests = 0
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests += 1
            key = f"request {self.server.requests}"
        self.server.arrived.set()
        self.server.gate.wait(60)
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return self._send(401, b'{"error":{"message":"no such key"}}')
        if self.path in TOKENS:
            return self._send(200, json.dumps(TOKENS[self.path](body)).encode())
        if self.server.broken in BROKEN:
            return self._send(*BROKEN[self.server.broken])
        if self.server.broken == "silence":
            self.server.gate.clear()
            self.server.gate.wait(60)
        if self.server.broken == "endless":
            return self._endless()
        with self.server.lock:
            api = self.path.removeprefix("/v1/")
            seen = self.server.endpoint.ask(Probe(key, api, body, Purpose.DECISION))
        if seen.answer is None:
            assert seen.fault is not None
            return self._send(
                STATUS.get(seen.fault, 500), json.dumps({"error": {"message": seen.detail}}).encode()
            )
        document = json.dumps(completion(seen.answer, raw="prompt" in body)).encode()
        if self.server.broken == "nan":
            document = document.replace(b'"logprob": -', b'"logprob": NaN, "x": -', 1)
        if self.server.broken == "above-zero":
            document = document.replace(b'"logprob": -', b'"logprob": 3.5, "x": -', 1)
        return self._send(200, document)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # the client may have given up
            self.wfile.write(body)

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            while self.server.gate.is_set():
                self.wfile.write(b" " * 65536)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


def completion(answer: Answer, *, raw: bool = False) -> dict[str, Any]:
    """`answer` as the chat API writes it, or as that of raw text does."""
    said = {"text": answer.text} if raw else {"message": _message(answer)}
    choice: dict[str, Any] = {"index": 0, **said, "finish_reason": answer.finish_reason}
    if answer.positions is not None:
        choice["logprobs"] = {"content": [_entry(position) for position in answer.positions]}
    others = [
        {"index": place, "message": {"role": "assistant", "content": text}, "finish_reason": "length"}
        for place, text in enumerate(answer.others, start=1)
    ]
    choices = [choice, *others]
    document: dict[str, Any] = {"object": "chat.completion", "model": answer.model, "choices": choices}
    if answer.completion_tokens is not None:
        counts = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
        document["usage"] = counts
    return document


def _message(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in answer.tool_calls
        ]
    return message


def _entry(position: Position) -> Mapping[str, Any]:
    listed = [_token(token.token, token.logprob) for token in position.top]
    return {**_token(position.token, position.logprob), "top_logprobs": listed}


def _token(token: bytes, logprob: float) -> dict[str, Any]:
    return {"token": token.decode(errors="replace"), "logprob": logprob, "bytes": list(token)}


@contextmanager
def serving(endpoint: Synthetic, broken: str | None = None, key: str | None = None) -> Iterator[Server]:
    """Serve while the block runs."""
    server = Server(endpoint, broken, key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
