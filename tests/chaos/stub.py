"""The model that is asked: made up, answering at once, and counting what each run asks of it.

`python -m tests.chaos.stub` prints its port. A run's endpoint has a model name of its own, so that the counts
say which run asked. `GET /counts` answers them: model name -> requests.
"""

from __future__ import annotations

import json
from collections import Counter
from threading import Lock
from typing import Any

from tests.local_http import LocalServer, QuietHandler
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import completion
from verifier.checks.base import Probe, Purpose


class Stub(LocalServer):
    """Counts requests by the model that they name."""

    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.endpoint = Synthetic()
        self.counts: Counter[str] = Counter()
        self.lock = Lock()


class _Handler(QuietHandler):
    server: Stub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        with self.server.lock:
            self._send(200, dict(self.server.counts))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.counts[body["model"]] += 1
            self.server.endpoint.asked.clear()
            seen = self.server.endpoint.ask(Probe("", self.path, body, Purpose.DECISION))
        if seen.answer is None:
            self._send(400, {"error": {"message": seen.detail}})
        else:
            self._send(200, completion(seen.answer, raw="prompt" in body))

    def _send(self, status: int, document: dict[str, Any]) -> None:
        self.answer(status, "application/json", json.dumps(document).encode())


if __name__ == "__main__":
    server = Stub()
    print(server.server_address[1], flush=True)
    server.serve_forever()
