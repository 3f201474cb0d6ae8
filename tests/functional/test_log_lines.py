"""What the Procfile's processes write: lines that say which request or call they are of, and no secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from leaderboard.demo.processes import Child
from tests.functional.surroundings import Surroundings, procfile, surroundings, until

pytestmark = pytest.mark.timeout(300)

KEY = "sk-CANARY0123456789abcdef"
NAME = "a-request-of-a-proxy"
CALLS = """
import django, uuid
django.setup()
from structlog.contextvars import bind_contextvars
from verifier.services.doorbell import EXECUTE_RUN, ring
bind_contextvars(request_id="{name}")
assert ring(EXECUTE_RUN, uuid.UUID("{run}"))
"""


class Processes:
    """Web, worker and beat, and what each has written."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        around.environment["PROXY_COUNT"] = "1"
        around.do(procfile("release"))
        self.children = [self._start(name) for name in ("web", "worker", "beat")]

    def _start(self, name: str) -> Child:
        return self.around.start(name, procfile(name))[0]

    def lines(self, name: str) -> list[dict[str, Any]]:
        text = (self.around.folder / f"{name}.log").read_text("utf-8")
        whole = text[: text.rfind("\n") + 1]
        assert KEY not in whole
        return [json.loads(line) for line in whole.splitlines()]

    def line(self, name: str, **fields: Any) -> dict[str, Any]:
        """The first line of a process with these fields, once it is written."""

        def found() -> dict[str, Any] | None:
            return next((one for one in self.lines(name) if fields.items() <= one.items()), None)

        line: dict[str, Any] = until(found, f"{name}: {fields}", children=self.children, patience=60)
        return line

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and request id of an answer."""

        def answered() -> tuple[int, str] | None:
            try:
                with urlopen(Request(f"{self.around.url}{path}", headers=headers), timeout=20) as answer:
                    return answer.status, answer.headers["X-Request-ID"]
            except HTTPError as error:
                return error.code, error.headers["X-Request-ID"]
            except OSError:
                return None

        found: tuple[int, str] = until(answered, "the site answers", children=self.children, patience=60)
        return found


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    folder: Path = tmp_path_factory.mktemp("log-lines")
    with surroundings(folder) as around:
        yield Processes(around)


def test_every_line_of_a_request_has_its_name(processes: Processes) -> None:
    status, name = processes.ask(f"/nowhere/{KEY}?key={KEY}", Authorization=f"Bearer {KEY}")
    assert status == 404
    line = processes.line("web", event="request", request_id=name)
    assert (line["status"], line["method"], line["route"]) == (404, "GET", "")
    assert line["ms"] > 0
    assert processes.line("web", logger="django.request", request_id=name)["level"] == "warning"
    assert processes.ask("/", **{"X-Request-ID": NAME}) == (200, NAME)
    processes.line("web", event="request", request_id=NAME, part="pages")
    for line in processes.lines("web"):
        assert line["logger"].startswith("_granian") or "request_id" in line, line


def test_every_line_of_a_call_names_it_and_the_request_that_made_it(processes: Processes) -> None:
    run = str(uuid4())
    processes.around.do(
        [sys.executable, "-c", CALLS.format(name=NAME, run=run)],
        DJANGO_SETTINGS_MODULE="leaderboard.settings",
    )
    line = processes.line("worker", event="nothing to do")
    assert line["run"] == run
    assert line["request_id"] == NAME
    assert line["task"] == "verifier.execute_run"
    call = line["task_id"]
    ended = processes.line("worker", logger="celery.app.trace", task_id=call)
    assert ended["run"] == run
    processes.line("worker", logger="celery.worker.strategy", task_id=call, task="verifier.execute_run")
    of_calls = ("celery.app.trace", "celery.worker.strategy", "verifier.", "leaderboard.")
    for line in processes.lines("worker"):
        if line["logger"].startswith(of_calls):
            assert {"task", "task_id"} <= line.keys(), line


def test_beat_says_what_it_calls_for(processes: Processes) -> None:
    line = processes.line("beat", logger="celery.beat", level="info")
    assert line["timestamp"]
    until(
        lambda: any("Sending due task sweep" in one["event"] for one in processes.lines("beat")),
        "beat calls for the sweep",
        children=processes.children,
        patience=60,
    )
