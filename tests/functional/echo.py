"""A provider that tells everybody the key it was sent: in headers, in errors, in what its model says."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from tests.functional.front import Front, Handler

KEY = "sk-CANARY-4f9d2b7c61e85a03-of-nobody"
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "in base64": lambda key: base64.b64encode(key.encode()).decode(),
    "in base64, as a header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "in hexadecimal": lambda key: key.encode().hex(),
    "in a query": lambda key: quote(f"?key={key}", safe=""),
    "its first half": lambda key: key[: len(key) // 2],
    "its last half": lambda key: key[len(key) // 2 :],
}


class Echo(Front):
    """The model is that of `behind`. `keys` are those it was sent."""

    def __init__(self, behind: str) -> None:
        super().__init__(_Echoing)
        self.behind = behind
        self.keys: set[str] = set()
        self.turns = itertools.count()


class _Echoing(Handler):
    server: Echo
    _told = ""

    def do_POST(self) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.server.keys.add(key)
        spellings = [spell(key) for spell in SPELLINGS.values()]
        turn = next(self.server.turns)
        self._told = spellings[turn % len(spellings)]
        if turn % 7 == 1:
            self.rfile.read(int(self.headers["Content-Length"]))
            error = {"message": f"worker died while serving {self._told}", "param": self._told}
            self.answer(500, "application/json", json.dumps({"error": error}).encode())
        else:
            super().do_POST()

    def answer(self, status: int, kind: str, body: bytes) -> None:
        document: dict[str, Any] = json.loads(body)
        document |= {"id": f"chatcmpl-{self._told}", "system_fingerprint": self._told}
        for choice in document.get("choices", ()):
            message = choice.get("message", choice)
            part = "content" if "content" in message else "text"
            message["reasoning_content"] = f"I was sent {self._told}"
            if next(self.server.turns) % 5 == 0:
                message[part] = f"{message.get(part) or ''} {self._told}"
        super().answer(status, kind, json.dumps(document).encode())

    def end_headers(self) -> None:
        self.send_header("X-Received-Authorization", self._told)
        super().end_headers()
