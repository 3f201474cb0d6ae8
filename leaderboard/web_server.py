"""Serves the site: `python -m leaderboard.web_server`, where WEB_BIND and PORT say.

The server's own lines are written as all others are. Requests are told of by leaderboard.middleware, which
knows their names and never writes an address: some of them hold secrets.
"""

from __future__ import annotations

import os
from copy import deepcopy
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from leaderboard.lifetimes import die_with_parent

THREADS = 4
"""Of each process, so that one slow page does not hold up the others."""
HEADER_MILLISECONDS, MOST_HEADER_BYTES = 10_000, 32 * 1024
"""For whoever sends a request slowly, and for whoever sends one without end."""
STOP_SECONDS = 20


def load(_target: str) -> Any:
    """The application, in a process that never outlives the one that started it."""
    die_with_parent(os.getppid())
    from leaderboard.wsgi import application

    return application


def main() -> None:
    """Until SIGTERM, which lets every request be answered first."""
    from leaderboard import settings

    Granian(
        "leaderboard.wsgi",
        address=os.environ.get("WEB_BIND", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8000")),
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("WEB_CONCURRENCY", "2")),
        blocking_threads=THREADS,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=MOST_HEADER_BYTES
        ),
        log_level=LogLevels.warning,
        log_dictconfig=deepcopy(settings.LOGGING),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve(target_loader=load)


if __name__ == "__main__":
    main()
