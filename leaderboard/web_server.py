"""Serves the site: `python -m leaderboard.web_server`, where WEB_BIND and PORT say.

The server's own lines are written as all others are. Requests are told of by leaderboard.middleware, which
knows their names and never writes an address: some of them hold secrets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from leaderboard.lifetimes import die_with_parent
from leaderboard.variables import VARIABLES

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


def where(environment: Mapping[str, str]) -> tuple[str, int, int]:
    """Address, port and number of processes. Raises SystemExit with a reason when one is no number."""
    bind, port, workers = (
        environment.get(name) or VARIABLES[name].default for name in ("WEB_BIND", "PORT", "WEB_CONCURRENCY")
    )
    if not port.isdecimal() or not workers.isdecimal() or int(workers) < 1:
        raise SystemExit(f"PORT and WEB_CONCURRENCY are numbers, not {port!r} and {workers!r}.")
    return bind, int(port), int(workers)


def main() -> None:
    """Until SIGTERM, which lets every request be answered first."""
    from leaderboard import settings

    bind, port, workers = where(os.environ)
    Granian(
        "leaderboard.wsgi",
        address=bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
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
