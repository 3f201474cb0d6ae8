"""One send and its answer: from a probe to a parsed answer, within one deadline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verifier.checks.base import Answer, Fault, Probe
from verifier.client import strict_json
from verifier.client.chat import parse_chat
from verifier.client.completions import parse_completion
from verifier.client.envelope import error_message, is_transient, status_fault
from verifier.client.faults import Failure, malformed
from verifier.client.http import Reply, Transport
from verifier.client.limits import Limits
from verifier.client.retry import retry_after
from verifier.client.target import Target

PARSERS = {"chat/completions": parse_chat, "completions": parse_completion}
"""The paths under the base URL that probes may use."""

MAX_ERROR_BYTES = 16 * 2**10


@dataclass(frozen=True, slots=True)
class Received:
    """A parsed answer, not yet redacted. Times are in seconds from the send."""

    answer: Answer
    http_status: int
    elapsed: float
    first_token: float | None = None


def request_url(target: Target, api: str) -> str:
    """Where a probe goes: its API's path joined to the base URL as given."""
    return f"{target.base_url.rstrip('/')}/{api}"


def request_headers(target: Target, *, streamed: bool) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream" if streamed else "application/json",
    }
    if target.api_key and target.api_key.strip():
        headers["Authorization"] = f"Bearer {target.api_key.strip()}"
    return headers


def request_body(target: Target, body: Mapping[str, Any]) -> bytes:
    return json.dumps({"model": target.model, **body}, ensure_ascii=False, allow_nan=False).encode()


async def send(transport: Transport, target: Target, probe: Probe, limits: Limits) -> Received:
    """Send a probe once and parse what comes back.

    Raises:
        Failure: there is no usable answer.
        EgressRefused: the guard refused a new connection.
    """
    streamed = probe.body.get("stream") is True
    url = request_url(target, probe.api)
    headers = request_headers(target, streamed=streamed)
    body = request_body(target, probe.body)
    started = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(limits.deadline) as scope, transport.post(url, headers, body) as reply:
            if reply.status != 200:
                raise await _status_failure(reply)
            document = _parsed(await _whole(reply), reply)
    except TimeoutError:
        if not scope.expired():
            raise
        raise Failure(Fault.TIMEOUT, f"No complete answer within {limits.deadline:g} s.") from None
    answer = PARSERS[probe.api](document)
    return Received(answer, reply.status, asyncio.get_running_loop().time() - started)


async def _whole(reply: Reply) -> bytearray:
    body = bytearray()
    async for chunk in reply.body():
        body += chunk
    return body


def _parsed(body: bytearray, reply: Reply) -> Any:
    try:
        return strict_json.loads(body)
    except strict_json.JsonRefused as error:
        sent = f" It was sent as {reply.content_type}." if reply.content_type else ""
        raise malformed(f"The answer cannot be used: {error}.{sent}") from None


async def _status_failure(reply: Reply) -> Failure:
    """The failure a status other than 200 means, with what the server says about it."""
    status = reply.status
    fault = status_fault(status) or Fault.MALFORMED
    said = _excerpt(await _beginning(reply))
    if 300 <= status < 400:
        where = reply.headers.get("location", "nowhere")
        detail = f"HTTP {status} redirects to {where}; redirects are not followed, give the final address."
    else:
        detail = f"HTTP {status}" + (f": {said}" if said else ".")
    return Failure(
        fault,
        detail,
        http_status=status,
        transient=is_transient(status),
        retry_after=retry_after(reply.headers.get("retry-after"), datetime.now(UTC)),
    )


async def _beginning(reply: Reply) -> bytes:
    """The first bytes of an error's body; nothing where it cannot be read."""
    body = bytearray()
    try:
        async for chunk in reply.body():
            body += chunk
            if len(body) >= MAX_ERROR_BYTES:
                break
    except Failure:
        pass
    return bytes(body[:MAX_ERROR_BYTES])


def _excerpt(body: bytes) -> str:
    try:
        said = error_message(strict_json.loads(body))
    except strict_json.JsonRefused:
        said = None
    return said or body.decode("utf-8", errors="replace").strip()
