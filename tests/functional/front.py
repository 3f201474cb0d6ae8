"""A provider's origin: files of its own, and whatever deployment of the lab stands behind it today."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from tests.local_http import LocalServer, QuietHandler

LONGEST = 120.0
"""Seconds that an answer of the lab may take."""


class Front(LocalServer):
    """`files`: path to text. `behind`: the base URL that everything else is asked of; it may change."""

    def __init__(self, handler: type[Handler] | None = None) -> None:
        super().__init__(handler or Handler)
        self.files: dict[str, str] = {}
        self.behind = ""

    @property
    def base_url(self) -> str:
        return f"http://{self.address}/v1"


class Handler(QuietHandler):
    """Serves the files, and passes the rest on."""

    server: Front
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if (text := self.server.files.get(self.path)) is not None:
            self.answer(200, "text/plain; charset=utf-8", text.encode())
            return
        self._pass_on("GET", None)

    def do_POST(self) -> None:
        self._pass_on("POST", self.rfile.read(int(self.headers["Content-Length"])))

    def _pass_on(self, method: str, body: bytes | None) -> None:
        behind = urlsplit(self.server.behind)
        asked = http.client.HTTPConnection(behind.netloc, timeout=LONGEST)
        try:
            asked.request(method, self.path, body, {"Content-Type": "application/json"})
            answer = asked.getresponse()
            kind = answer.headers.get("Content-Type", "application/json")
            self.answer(answer.status, kind, answer.read())
        finally:
            asked.close()
