"""A toy language model behind an OpenAI-compatible server, for tests where a real one would be too slow.

Not a stand-in for the lab: its "model" is a hash of the text so far, spread over forty words. But it is a
model in the sense that matters here: the same text always has the same next-token distribution, prefixes
are continued, log-probabilities are returned, and `noise` makes it another model.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = [
    f" {a}{b}"
    for a in ("so", "ta", "mi", "le", "ru")
    for b in ("la", "ne", "ki", "vo", "du", "pe", "sa", "ro")
]
MODEL = "toy/one"


class Toy(ThreadingHTTPServer):
    """Keeps what it is asked. `noise` is the size of its deviation; a cleared `gate` holds answers back."""

    daemon_threads = True

    def __init__(self, noise: float = 0.0, key: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.noise = noise
        self.key = key
        self.gate = threading.Event()
        self.gate.set()
        self.failing = False
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def distribution(self, text: str) -> list[tuple[str, float]]:
        """Words with their log-probabilities after `text`, the likeliest first."""
        seed = hashlib.sha256(text.encode()).digest() * 2
        sharp = 12.0 if seed[40] % 3 == 0 else 3.0
        other = hashlib.sha256(b"noise" + text.encode()).digest() * 2
        logits = [
            sharp * seed[i] / 255
            + self.noise * (other[i] / 255 - 0.5)
            + (9 if i == seed[41] % 40 and sharp > 9 else 0)
            for i in range(len(WORDS))
        ]
        total = math.log(sum(math.exp(logit) for logit in logits))
        return sorted(((w, x - total) for w, x in zip(WORDS, logits, strict=True)), key=lambda pair: -pair[1])


class _Handler(BaseHTTPRequestHandler):
    server: Toy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.server.headers.append(dict(self.headers))
        self.server.gate.wait(30)
        if self.server.failing:
            return self._answer(500, {"error": {"message": "the toy is broken"}})
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return self._answer(401, {"error": {"message": f"wrong key {self.headers.get('Authorization')}"}})
        return self._answer(200, self._completion(json.loads(body)))

    def _completion(self, asked: dict[str, Any]) -> dict[str, Any]:
        *before, last = asked["messages"]
        prefix = last["content"] if last["role"] == "assistant" else ""
        turns = before if prefix else [*before, last]
        prompt = "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)
        answer, entries = prefix, []
        for _ in range(asked["max_tokens"]):
            listed = self.server.distribution(prompt + "\n" + answer.strip())
            if not answer:
                listed = [(word.lstrip(), logprob) for word, logprob in listed]
            # It draws as it is asked to: a model that always chose the likeliest would be found out.
            word, logprob = listed[0] if not asked.get("temperature", 1) else self._drawn(listed, answer)
            answer += word
            top = [
                {"token": w, "logprob": x, "bytes": list(w.encode())}
                for w, x in listed[: asked.get("top_logprobs", 0)]
            ]
            entries.append(
                {"token": word, "logprob": logprob, "bytes": list(word.encode()), "top_logprobs": top}
            )
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": answer}}
        choice["finish_reason"] = "length"
        if asked.get("logprobs"):
            choice["logprobs"] = {"content": entries}
        words = len(prompt.split())
        usage = {
            "prompt_tokens": words,
            "completion_tokens": len(entries),
            "total_tokens": words + len(entries),
        }
        return {"object": "chat.completion", "model": asked["model"], "choices": [choice], "usage": usage}

    def _drawn(self, listed: list[tuple[str, float]], answer: str) -> tuple[str, float]:
        digest = hashlib.sha256(f"{listed[0]}{answer}".encode()).digest()
        left = int.from_bytes(digest[:8], "big") / 2**64
        for word, logprob in listed:
            left -= math.exp(logprob)
            if left < 0:
                return word, logprob
        return listed[-1]

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@contextmanager
def toy(noise: float = 0.0, key: str | None = None) -> Iterator[Toy]:
    """Serve a toy while the block runs."""
    server = Toy(noise, key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
