"""Which request or which call a line of the log belongs to, from the web server to the worker."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.http import HttpRequest
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars
from uuid_utils.compat import uuid7

from leaderboard.services import proofs
from leaderboard.services.alerts import DELIVER
from verifier.services.doorbell import EXECUTE_RUN, RECORD_BASELINE

HEADER = "X-Request-ID"
ASKED_BY = "assay_request_id"
"""The header under which a call to a worker tells of the request that made it."""
SUBJECTS = {EXECUTE_RUN: "run", RECORD_BASELINE: "baseline", DELIVER: "delivery", proofs.CHECK: "proof"}
"""What the one argument of a task names."""
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,80}\Z")


def begin_request(request: HttpRequest) -> str:
    """Every line from here on is of this request, until the server has sent the answer. Returns its name."""
    name = named(request.headers.get(HEADER, ""))
    end()
    bind_contextvars(request_id=name)
    return name


def named(given: str) -> str:
    """The name of a request: what a proxy of ours calls it, else one of its own.

    Anybody can send the header, so it counts only where the operator says that a proxy sets it.
    """
    return given if settings.PROXY_COUNT and _GIVEN.match(given) else uuid7().hex


def begin_call(name: str, call_id: str, arguments: Sequence[Any], told: Mapping[str, Any]) -> None:
    """Every line from here on is of this call, and of the request that made it."""
    end()
    bind_contextvars(task=name, task_id=call_id)
    if name in SUBJECTS and arguments:
        bind_contextvars(**{SUBJECTS[name]: str(arguments[0])})
    if asked := told.get(ASKED_BY):
        bind_contextvars(request_id=str(asked))


def tell(headers: MutableMapping[str, Any] | None) -> None:
    """A call that is made within a request goes out under its name."""
    asked = get_contextvars().get("request_id")
    if headers is not None and asked is not None:
        headers[ASKED_BY] = asked


def end(**_kwargs: Any) -> None:
    """What comes now is of no request and no call."""
    clear_contextvars()


# Not when the middleware has done its part: what the server says of a bad answer comes after that.
request_finished.connect(end)
