"""The least that a page can cost on the same server: always the same bytes, from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).read_bytes() * 10


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(CONTENT)))])
    return [CONTENT]
