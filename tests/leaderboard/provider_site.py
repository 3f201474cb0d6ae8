"""A provider's own web server on this machine, and a DNS that says what a test wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Site:
    """Serves `files` (path to text). `echo`: answers 200 with the path, as careless servers do."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.echo = False
        self.asked: list[str] = []
        self.origin = ""

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def address(self) -> str:
        return self.origin.removeprefix("http://")


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            if self.path in site.redirects:
                self.send_response(302)
                self.send_header("Location", site.redirects[self.path])
                self.end_headers()
                return
            text = site.files.get(self.path, f"no {self.path} here" if site.echo else "")
            self.send_response(200 if text else 404)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Records:
    """A DNS of one's own."""

    def __init__(self, table: Mapping[str, list[str]] | None = None) -> None:
        self.table = dict(table or {})
        self.asked: list[str] = []

    async def records(self, name: str) -> list[str]:
        self.asked.append(name)
        return self.table.get(name, [])
