"""Start a module of this project in a process of its own, wherever the caller was started from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).resolve().parents[2]


def start(module: str, *arguments: str, stderr: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """`python -m module arguments` with pipes to its stdin and from its stdout.

    The other process is expected to end when its stdin does: that is what happens when this one is killed.
    """
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": path},
    )
