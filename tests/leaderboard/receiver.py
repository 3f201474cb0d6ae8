"""A webhook's receiver on this machine: keeps what it is sent, and answers as it is told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.local_http import LocalServer, QuietHandler, running


@dataclass(frozen=True)
class Got:
    """One request; header names in lower case."""

    headers: dict[str, str]
    body: bytes


class Receiver(LocalServer):
    """Answers with `statuses` in turn, the last of them for ever."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(_Handler)
        self.statuses = list(statuses)
        self.got: list[Got] = []

    @property
    def url(self) -> str:
        return f"http://{self.address}/hook"


class _Handler(QuietHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(Got({name.lower(): value for name, value in self.headers.items()}, body))
        statuses = self.server.statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()


def receiving(*statuses: int) -> AbstractContextManager[Receiver]:
    """Serve while the block runs."""
    return running(Receiver(*(statuses or (204,))))
