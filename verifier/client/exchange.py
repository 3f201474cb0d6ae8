"""One send and its answer: from a probe to a parsed answer, within one deadline."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verifier.checks.base import Answer, Fault, Probe
from verifier.client import strict_json
from verifier.client.chat import chat_delta, parse_chat
from verifier.client.completions import completion_delta, parse_completion
from verifier.client.envelope import error_message, error_shape, is_transient, parse_json, status_fault
from verifier.client.faults import Failure
from verifier.client.http import Reply, Transport
from verifier.client.limits import Limits
from verifier.client.retry import retry_after
from verifier.client.stream import Delta, read_stream
from verifier.client.target import Target


@dataclass(frozen=True, slots=True)
class Api:
    """How one API is read: whole answers, and pieces of text in events."""

    parse: Callable[[Any], Answer]
    delta: Delta


APIS = {
    "chat/completions": Api(parse_chat, chat_delta),
    "completions": Api(parse_completion, completion_delta),
}
"""The paths under the base URL that probes may use."""

MAX_ERROR_BYTES = 16 * 2**10
ERROR_BODY_SECONDS = 2.0
_EVENT_STREAM = ("text/event-stream", "text/plain", "application/octet-stream", "")
"""Types a stream is sent under; anything else is read as one document."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Received:
    """A parsed answer, not yet redacted. `first_token` is in seconds from the send, for streams."""

    answer: Answer
    http_status: int
    first_token: float | None = None


def request_url(target: Target, api: str) -> str:
    """Where a probe goes: its API's path joined to the base URL as given."""
    return f"{target.base_url.rstrip('/')}/{api}"


async def send(transport: Transport, target: Target, probe: Probe, limits: Limits) -> Received:
    """Send a probe once and parse what comes back. Its URL has passed the guard.

    Raises:
        Failure: there is no usable answer.
        EgressRefused: the guard refused a new connection.
    """
    url = request_url(target, probe.api)
    body = json.dumps({"model": target.model, **probe.body}, ensure_ascii=False, allow_nan=False).encode()
    streamed = probe.body.get("stream") is True
    headers = _headers(target, streamed)
    started = asyncio.get_running_loop().time()
    try:
        async with (
            asyncio.timeout_at(started + limits.deadline) as scope,
            transport.post(url, headers, body) as reply,
        ):
            try:
                return await _read(reply, probe.api, streamed, limits, started)
            except Failure as failure:
                failure.http_status = reply.status
                raise
    except TimeoutError:
        if not scope.expired():
            raise
        raise Failure(Fault.TIMEOUT, f"No complete answer within {limits.deadline:g} s.") from None


async def _read(reply: Reply, api: str, streamed: bool, limits: Limits, started: float) -> Received:
    if reply.status != 200:
        raise await _status_failure(reply, started + limits.deadline)
    if streamed and reply.content_type in _EVENT_STREAM:
        async with aclosing(reply.body()) as chunks:
            answer, first_token = await read_stream(chunks, APIS[api].delta, limits, started)
        return Received(answer, reply.status, first_token)
    return Received(APIS[api].parse(await _document(reply)), reply.status)


def _headers(target: Target, streamed: bool) -> Mapping[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream" if streamed else "application/json",
    }
    if key := (target.api_key or "").strip():
        headers["Authorization"] = f"Bearer {key}"
    return headers


async def _document(reply: Reply) -> Any:
    body = bytearray()
    async for chunk in reply.body():
        body += chunk
    sent_as = f" (sent as {reply.content_type})" if reply.content_type else ""
    return parse_json(body, f"The answer{sent_as}")


async def _status_failure(reply: Reply, deadline: float) -> Failure:
    """The failure a status other than 200 means, with what the server says about it."""
    status = reply.status
    shape = None
    if 300 <= status < 400:
        where = reply.headers.get("location", "nowhere")
        detail = f"HTTP {status} redirects to {where}; redirects are not followed, give the final address."
    else:
        document = _parsed(await _beginning(reply, deadline))
        said, shape = _said(document), error_shape(document)
        detail = f"HTTP {status}" + (f": {said}" if said else ", with no message.")
    failure = Failure(
        status_fault(status),
        detail,
        transient=is_transient(status),
        retry_after=retry_after(reply.headers.get("retry-after"), datetime.now(UTC)),
    )
    failure.error_shape = shape
    return failure


async def _beginning(reply: Reply, deadline: float) -> bytes:
    """The first bytes of an error's body; what could be read of it well before the deadline."""
    body = bytearray()
    now = asyncio.get_running_loop().time()
    until = min(now + ERROR_BODY_SECONDS, (now + deadline) / 2)
    try:
        async with asyncio.timeout_at(until), aclosing(reply.body()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= MAX_ERROR_BYTES:
                    break
    except (Failure, TimeoutError):
        pass
    return bytes(body[:MAX_ERROR_BYTES])


def _parsed(body: bytes) -> Any:
    """The document of an error's body, or its text where it is no JSON."""
    try:
        return strict_json.loads(body)
    except strict_json.JsonRefused:
        return strict_json.clean_text(body.decode("utf-8", errors="replace")).strip()


def _said(body: Any) -> str:
    """The message in an error's body: its JSON message, its HTML title, or else its text."""
    if not isinstance(body, str):
        return error_message(body) or json.dumps(body, ensure_ascii=False)
    text = body
    if text.startswith("<"):
        title = _TITLE.search(text)
        return f"an HTML page ({title[1].strip()})" if title else "an HTML page"
    return text
