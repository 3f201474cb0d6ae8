"""What a Sentry is told: a real SDK against a real server on this machine."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.local_http import LocalServer, QuietHandler, running

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-CANARY0123456789abcdef"
PROGRAM = """
import django
django.setup()
import sentry_sdk, structlog
from django.test import Client
from structlog.contextvars import bind_contextvars

bind_contextvars(request_id="a-request", run="a-run")

def ask(plain):
    kept = plain[::-1]
    raise ValueError("the provider says that KEY_HERE is wrong")

try:
    ask("correct horse battery staple")
except ValueError:
    structlog.get_logger("assay").exception("failed", api_key="hunter2hunter2", note="Bearer KEY_HERE")
headers = {"Authorization": "Bearer KEY_HERE", "Cookie": "sessionid=hunter2hunter2"}
client = Client(raise_request_exception=False, SERVER_NAME="localhost", REMOTE_ADDR="8.8.4.4")
path, form = "/account/login/?key=KEY_HERE", {"login": "a@b.example"}
answer = client.post(path, form, headers=headers)
assert answer.status_code == 500, answer.status_code
sentry_sdk.flush(10)

from asgiref.sync import async_to_sync
from verifier.client.documents import fetch
from verifier.client.egress import EgressPolicy
async_to_sync(fetch)("http://ADDRESS_HERE/v1/models", EgressPolicy(allow_loopback=True))
"""
SECRETS = (KEY, "hunter2", "correct horse", "elpats", "a@b.example", "8.8.4.4")


class Sentry(LocalServer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.told: list[bytes] = []
        self.asked: list[set[str]] = []

    def events(self) -> list[dict[str, Any]]:
        """Of every envelope the item that is an event."""
        found = []
        for body in self.told:
            lines = [json.loads(line) for line in body.splitlines() if line]
            found += [after for item, after in pairwise(lines) if item.get("type") == "event"]
        return found


class _Handler(QuietHandler):
    server: Sentry

    def do_GET(self) -> None:
        self.server.asked.append({name.lower() for name in self.headers})
        self._answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.told.append(gzip.decompress(body) if packed else body)
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


def test_errors_are_told_without_what_they_held(tmp_path: Path) -> None:
    with running(Sentry()) as sentry:
        program = PROGRAM.replace("KEY_HERE", KEY).replace("ADDRESS_HERE", sentry.address)
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "leaderboard.settings",
                "ASSAY_STATE": str(tmp_path),
                "DATABASE_URL": f"sqlite:{tmp_path}/empty.sqlite3",
                "REDIS_URL": f"redis+socket://{tmp_path}/none.sock",
                "SENTRY_DSN": f"http://public@{sentry.address}/1",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    assert sentry.asked
    assert not {"sentry-trace", "baggage", "traceparent"} & set().union(*sentry.asked)
    events = sentry.events()
    assert len(events) >= 2
    for secret in SECRETS:
        assert not [body for body in sentry.told if secret.encode() in body], secret
    for event in events:
        assert not {"request", "user", "breadcrumbs"} & event.keys()
        frames = [frame for one in event["exception"]["values"] for frame in one["stacktrace"]["frames"]]
        assert frames
        assert not [frame for frame in frames if "vars" in frame]
    (ours,) = (event for event in events if event.get("logger") == "assay")
    assert ours["tags"]["request_id"] == "a-request"
    assert ours["tags"]["run"] == "a-run"
    assert "the provider says that [redacted] is wrong" in ours["exception"]["values"][-1]["value"]


def test_without_an_address_nothing_of_it_is_loaded() -> None:
    program = "import sys, leaderboard.settings; assert 'sentry_sdk' not in sys.modules"
    environment = {name: value for name, value in os.environ.items() if name != "SENTRY_DSN"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, timeout=60)
