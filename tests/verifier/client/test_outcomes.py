"""Every way a server may answer ends in its typed outcome, in time, and the next request succeeds."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.verifier.client.asking import KEY, QUICK, asking, chat_probe, text_probe
from tests.verifier.client.behaviours import (
    BEHAVIOURS,
    BROKEN_JSON,
    BROKEN_LOGPROBS,
    BROKEN_SHAPES,
    BROKEN_TEXT_LOGPROBS,
    GOOD,
    GOOD_STREAMS,
)
from verifier.checks.base import Fault, Status

F = Fault

CHAT: dict[str, Fault] = {
    "closes": F.UNREACHABLE,
    "resets": F.UNREACHABLE,
    "silent": F.TIMEOUT,
    "ssh-banner": F.UNREACHABLE,
    "tls-alert": F.MALFORMED,
    "http-0.9": F.UNREACHABLE,
    "switches-protocols": F.MALFORMED,
    "headers-byte-by-byte": F.TIMEOUT,
    "headers-without-end": F.MALFORMED,
    "endless-100-continue": F.TIMEOUT,
    "flood-of-100-continue": F.TIMEOUT,
    "body-byte-by-byte": F.TIMEOUT,
    "bad-chunk-size": F.MALFORMED,
    "negative-length": F.MALFORMED,
    "two-lengths": F.MALFORMED,
    "shorter-than-its-length": F.TRUNCATED,
    "chunks-cut-off": F.TRUNCATED,
    "gigabyte": F.TOO_LARGE,
    "gigabyte-announced": F.TOO_LARGE,
    "absurd-length": F.MALFORMED,
    "gzip-bomb": F.MALFORMED,
    "unknown-encoding": F.MALFORMED,
    "million-empty-lists": F.TOO_LARGE,
    "million-short-strings": F.TOO_LARGE,
    "wide-characters": F.TOO_LARGE,
    "error-in-200": F.SERVER_ERROR,
    "error-in-200-with-429": F.RATE_LIMITED,
    "error-in-200-with-401": F.UNAUTHORISED,
    "error-in-200-with-502": F.SERVER_ERROR,
    "204": F.MALFORMED,
    "700": F.MALFORMED,
    "401": F.UNAUTHORISED,
    "403": F.UNAUTHORISED,
    "401-slow-body": F.UNAUTHORISED,
    "429": F.RATE_LIMITED,
    "500-endless-body": F.SERVER_ERROR,
    "502-html": F.SERVER_ERROR,
    "404-html": F.REJECTED,
    "controls-in-error": F.REJECTED,
    "echoes-key-in-error": F.UNAUTHORISED,
    "echoes-key-in-redirect": F.REJECTED,
    **dict.fromkeys(["301", "302", "307", "308", "400", "404", "405", "413", "418", "422"], F.REJECTED),
    **dict.fromkeys(["500", "503", "529"], F.SERVER_ERROR),
    **dict.fromkeys([*BROKEN_JSON, *BROKEN_SHAPES, *BROKEN_LOGPROBS], F.MALFORMED),
}

TEXT: dict[str, Fault] = dict.fromkeys([*BROKEN_TEXT_LOGPROBS, "answers"], F.MALFORMED)

STREAM: dict[str, Fault] = {
    "stream-ends-early": F.TRUNCATED,
    "stream-cut-in-chunk": F.TRUNCATED,
    "stream-empty": F.TRUNCATED,
    "stream-only-done": F.MALFORMED,
    "stream-hangs-at-once": F.TIMEOUT,
    "stream-hangs-after-a-token": F.TIMEOUT,
    "stream-of-pings": F.TIMEOUT,
    "stream-byte-by-byte": F.TIMEOUT,
    "stream-endless": F.TOO_LARGE,
    "stream-endless-slowly": F.TIMEOUT,
    "stream-endless-line": F.TOO_LARGE,
    "stream-endless-event": F.TOO_LARGE,
    "stream-error": F.SERVER_ERROR,
    "stream-not-json": F.MALFORMED,
    "stream-nan": F.MALFORMED,
    "stream-without-choices": F.MALFORMED,
    "stream-logprob-above-zero": F.MALFORMED,
    "stream-delta-a-string": F.MALFORMED,
    "stream-gzip": F.MALFORMED,
    "stream-html": F.MALFORMED,
    "500": F.SERVER_ERROR,
    "silent": F.TIMEOUT,
    "closes": F.UNREACHABLE,
}

PROBES = {"chat": chat_probe(), "text": text_probe(), "stream": chat_probe(stream=True)}
BAD = [
    *(("chat", name, fault) for name, fault in CHAT.items()),
    *(("text", name, fault) for name, fault in TEXT.items()),
    *(("stream", name, fault) for name, fault in STREAM.items()),
]
FINE = [
    *(("chat", name) for name in GOOD),
    ("chat", "echoes-key-in-answer"),
    ("text", "text-completion"),
    *(("stream", name) for name in [*GOOD_STREAMS, "answers"]),
]


@pytest.mark.parametrize(("kind", "name", "fault"), BAD, ids=[f"{kind}-{name}" for kind, name, _ in BAD])
async def test_a_bad_answer_is_typed_in_time_and_the_next_one_succeeds(
    kind: str, name: str, fault: Fault
) -> None:
    limits: dict[str, Any] = {}
    if fault is Fault.TIMEOUT:
        limits = {"deadline": 0.6, "first_token": 0.4, "inter_token": 0.4}
    if kind == "stream":
        limits["max_bytes"] = 2**20
    async with asking(BEHAVIOURS[name], **limits) as (client, server):
        began = time.monotonic()
        observation = await client.ask(PROBES[kind])
        took = time.monotonic() - began

        assert observation.fault is fault, observation.detail
        assert observation.status is fault.status
        assert observation.answer is None
        assert took < limits.get("deadline", QUICK.deadline) + 1
        _is_a_clear_line(observation.detail)

        server.behaviour = BEHAVIOURS["text-completion" if kind == "text" else "answers"]
        assert (await client.ask(PROBES[kind])).ok


@pytest.mark.parametrize(("kind", "name"), FINE, ids=[f"{kind}-{name}" for kind, name in FINE])
async def test_a_good_answer_is_ok(kind: str, name: str) -> None:
    async with asking(BEHAVIOURS[name]) as (client, server):
        observation = await client.ask(PROBES[kind])

    assert observation.status is Status.OK, observation.detail
    assert observation.fault is None
    assert observation.answer is not None
    assert observation.attempts == len(server.requests) == 1
    assert KEY not in repr(observation)


def test_no_behaviour_is_forgotten() -> None:
    assert {name for _, name, _ in BAD} | {name for _, name in FINE} == set(BEHAVIOURS)


def _is_a_clear_line(detail: str) -> None:
    assert detail
    assert len(detail) <= 300
    assert detail.isprintable()
    assert KEY[:16] not in detail
    assert KEY[-16:] not in detail
