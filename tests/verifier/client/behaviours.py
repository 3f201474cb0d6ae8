"""Ways a server may answer, each under a name: good ones, broken ones and malicious ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct

from tests.verifier.client.hostile import (
    Behaviour,
    Request,
    chat,
    chunk,
    endless,
    entry,
    event,
    logprobs,
    raw,
    reply,
    sse,
    status,
    stream,
    stream_head,
    text_logprobs,
)


async def closes(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resets(request: Request, writer: asyncio.StreamWriter) -> None:
    connected = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def gigabyte(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2**14):
        writer.write(chunk(b" " * 2**16))
        await writer.drain()


async def streams_then_hangs(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(stream_head() + chunk(sse(event(), done=False)))
    await writer.drain()
    await asyncio.Event().wait()


def _with_key(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


async def echoes_key_in_error(request: Request, writer: asyncio.StreamWriter) -> None:
    key = _with_key(request)
    said = {"error": {"message": f"Incorrect API key {key} ({key[:9]}***{key[-4:]}); header Bearer {key}"}}
    await status(401, said, WWW_Authenticate=f"Bearer {key}")(request, writer)


async def echoes_key_in_answer(request: Request, writer: asyncio.StreamWriter) -> None:
    key = _with_key(request)
    pieces = [key[i : i + 4] for i in range(0, len(key), 4)]
    document = chat(
        content=f"your key is {key}",
        logprobs={"content": [entry(piece) for piece in pieces] + [entry(key)]},
        usage={"prompt_tokens": 7, "completion_tokens": len(pieces) + 1},
        model=f"model-{key}",
        system_fingerprint=key,
    )
    await reply(document, headers={"X-Key": key})(request, writer)


async def echoes_key_in_stream(request: Request, writer: asyncio.StreamWriter) -> None:
    key = _with_key(request)
    data = sse(event(key[:20]), event(key[20:]), event("", finish="stop"))
    await stream(data)(request, writer)


async def echoes_key_in_redirect(request: Request, writer: asyncio.StreamWriter) -> None:
    await status(302, Location=f"https://elsewhere.example.com/?k={_with_key(request)}")(request, writer)


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_GOOD = json.dumps(chat())
_BOMB = gzip.compress(gzip.compress(b" " * 2**24))

GOOD: dict[str, Behaviour] = {
    "answers": reply(chat()),
    "answers-without-logprobs": reply(chat(logprobs=None)),
    "answers-as-text": reply(chat(), content_type="text/plain"),
    "answers-with-a-false-charset": reply(chat(), content_type="application/json; charset=utf-7"),
    "lone-surrogates": reply(_GOOD.replace('" Paris"', '"\\ud83d Paris"', 1)),
    "nul": reply(_GOOD.replace('" Paris"', '"\\u0000 Paris"', 1)),
}
"""Whole answers that are fine, if odd."""

CONNECTIONS: dict[str, Behaviour] = {
    "closes": closes,
    "resets": resets,
    "silent": silent,
    "ssh-banner": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "tls-alert": raw(b"\x15\x03\x01\x00\x02\x02\x46"),
    "http-0.9": raw(b"hello\n"),
    "switches-protocols": raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    "headers-byte-by-byte": endless(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02),
    "headers-without-end": endless(b"HTTP/1.1 200 OK\r\n", b"X-Padding: " + b"a" * 1000 + b"\r\n"),
    "endless-100-continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
    "flood-of-100-continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
    "body-byte-by-byte": endless(_OK + b"Content-Length: 100000\r\n\r\n", b" ", 0.02),
    "bad-chunk-size": raw(_CHUNKED + b"zz\r\nhello\r\n"),
    "negative-length": raw(_OK + b"Content-Length: -5\r\n\r\nhello"),
    "two-lengths": raw(_OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    "shorter-than-its-length": raw(_OK + b"Content-Length: 5000\r\n\r\n" + _GOOD.encode()),
    "chunks-cut-off": raw(_CHUNKED + chunk(_GOOD[:50].encode())),
}
"""Trouble below the body."""

SIZES: dict[str, Behaviour] = {
    "gigabyte": gigabyte,
    "gigabyte-announced": raw(_OK + b"Content-Length: 1073741824\r\n\r\n "),
    "absurd-length": raw(_OK + b"Content-Length: " + b"9" * 4000 + b"\r\n\r\n "),
    "gzip-bomb": reply(_BOMB, headers={"Content-Encoding": "gzip, gzip"}),
    "unknown-encoding": reply(chat(), headers={"Content-Encoding": "br"}),
    "million-empty-lists": reply(b"[" + b"[]," * 2**20 + b"[]]"),
    "million-short-strings": reply(b"[" + b'"ab",' * 2**20 + b'"ab"]'),
    "wide-characters": reply(('["' + "a" * (5 * 2**20) + '\U0001f600"]').encode()),
}
"""Too much, or in an encoding that was not accepted."""

BROKEN_JSON: dict[str, Behaviour] = {
    "html": reply("<html><title>Sign in</title></html>", content_type="text/html"),
    "empty": reply(b""),
    "not-json": reply("yes?"),
    "json-list": reply([]),
    "json-null": reply("null"),
    "json-string": reply('"hello"'),
    "utf-16": reply(_GOOD.encode("utf-16")),
    "latin-1": reply(_GOOD.replace("Paris", "Orléans").encode("latin-1")),
    "truncated-json": reply(_GOOD[:-5]),
    "two-documents": reply(_GOOD + _GOOD),
    "nan": reply(_GOOD.replace("-0.1", "NaN")),
    "infinity": reply(_GOOD.replace("-0.1", "-Infinity")),
    "1e999": reply(_GOOD.replace("-0.1", "-1e999")),
    "duplicate-keys": reply(_GOOD.replace("{", '{"usage": null, ', 1)),
    "deep-nesting": reply('{"choices":' + "[" * 70_000 + "]" * 70_000 + "}"),
    "long-integer": reply(_GOOD.replace(": 7,", f": {'7' * 5000},")),
    "long-mantissa": reply(_GOOD.replace("-0.1", f"-0.{'1' * 5000}e5000")),
}
"""Bodies that are not strict JSON, or no object."""

BROKEN_SHAPES: dict[str, Behaviour] = {
    "no-choices": reply({"id": "1", "object": "chat.completion"}),
    "empty-choices": reply(chat(choices=[])),
    "choices-not-a-list": reply(chat(choices={"0": {}})),
    "choice-not-an-object": reply(chat(choices=["hello"])),
    "no-message": reply(chat(choices=[{"index": 0, "text": "hello"}])),
    "content-not-a-string": reply(chat(content=17)),
    "usage-not-an-object": reply(chat(usage=[7, 1])),
    "usage-negative": reply(chat(usage={"prompt_tokens": 7, "completion_tokens": -1})),
    "usage-fractional": reply(chat(usage={"prompt_tokens": 7.5, "completion_tokens": 1})),
    "model-not-a-string": reply(chat(model=["a"])),
}
"""JSON that is no chat completion."""

BROKEN_LOGPROBS: dict[str, Behaviour] = {
    "logprob-above-zero": logprobs({"content": [entry(logprob=0.5)]}),
    "logprob-not-a-number": logprobs({"content": [entry(logprob="-0.1")]}),  # type: ignore[arg-type]
    "logprob-true": logprobs({"content": [entry(logprob=True)]}),
    "logprob-null": logprobs({"content": [entry(logprob=None)]}),  # type: ignore[arg-type]
    "alternative-above-zero": logprobs({"content": [entry(top_logprobs=[{"token": "a", "logprob": 1}])]}),
    "too-many-logprobs": logprobs({"content": [entry()] * 3}),
    "logprobs-a-list": logprobs([entry()]),
    "logprobs-content-a-string": logprobs({"content": "hello"}),
    "logprobs-without-tokens": logprobs({"content": [{"logprob": -0.1}]}),
    "logprobs-entry-a-number": logprobs({"content": [-0.1]}),
    "top-logprobs-not-a-list": logprobs({"content": [entry(top_logprobs={"a": -1})]}),
    "token-bytes-too-big": logprobs({"content": [entry(bytes=[256])]}),
    "token-bytes-a-string": logprobs({"content": [entry(bytes="IA==")]}),
}
"""Chat completions whose logprobs are impossible."""

BROKEN_TEXT_LOGPROBS: dict[str, Behaviour] = {
    "lists-of-unequal-length": text_logprobs(token_logprobs=[-0.1, -0.2]),
    "top-lists-of-unequal-length": text_logprobs(top_logprobs=[]),
    "text-logprob-null": text_logprobs(token_logprobs=[None]),
    "text-top-a-list": text_logprobs(top_logprobs=[[-0.1]]),
}
"""Text completions whose logprobs lists do not fit each other."""

STATUSES: dict[str, Behaviour] = {
    "204": status(204, b""),
    "301": status(301, Location="http://169.254.169.254/latest/meta-data/"),
    "302": status(302, Location="http://169.254.169.254/latest/meta-data/"),
    "307": status(307, Location="http://169.254.169.254/latest/meta-data/"),
    "308": status(308, Location="http://169.254.169.254/latest/meta-data/"),
    **{str(code): status(code) for code in (400, 401, 403, 404, 405, 413, 418, 422, 429, 500, 503, 529, 700)},
    "404-html": reply("<html><title>Not Found</title>" + "x" * 9999, status="404 Not Found"),
    "502-html": reply("<html><title>Bad Gateway</title></html>", status="502 Bad Gateway"),
    "500-endless-body": endless(
        b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n", chunk(b"oops " * 1000)
    ),
    "401-slow-body": endless(b"HTTP/1.1 401 No\r\nContent-Length: 99999\r\n\r\n", b"n", 0.02),
    "error-in-200": reply({"error": {"message": "the GPU is on fire"}}),
    "error-in-200-with-429": reply({"error": {"message": "slow down", "code": 429}}),
    "error-in-200-with-401": reply({"error": {"message": "who are you", "code": 401}}),
    "error-in-200-with-502": reply({"error": {"message": "upstream gone", "code": 502}}),
    "controls-in-error": status(400, {"error": {"message": "\x1b[2Jred\x07 \u202eevil\u202c\nline"}}),
    "echoes-key-in-error": echoes_key_in_error,
    "echoes-key-in-answer": echoes_key_in_answer,
    "echoes-key-in-redirect": echoes_key_in_redirect,
}
"""Statuses other than 200, and errors dressed as 200."""

GOOD_STREAMS: dict[str, Behaviour] = {
    "streams": stream(sse(event(), event(" Rome"), event("", finish="stop"))),
    "streams-crlf": stream(sse(event(), event("", finish="stop"), end="\r\n")),
    "streams-cr": stream(sse(event(), event("", finish="stop"), end="\r")),
    "streams-line-separators": stream(sse(event("a\u2028b\u0085c"), event("", finish="stop"))),
    "streams-without-done": stream(sse(event(), event("", finish="stop"), done=False)),
    "streams-without-finish-reason": stream(sse(event())),
    "streams-without-last-newline": stream(sse(event()).rstrip()),
    "streams-untyped": stream(sse(event(), event("", finish="stop")), content_type="text/plain"),
    "streams-usage-last": stream(
        sse(event(finish="stop"), {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1}})
    ),
    "echoes-key-in-stream": echoes_key_in_stream,
}
"""Streams that are fine, if odd."""

BROKEN_STREAMS: dict[str, Behaviour] = {
    "stream-ends-early": stream(sse(event(), done=False)),
    "stream-cut-in-chunk": raw(stream_head() + b"ffff\r\n" + sse(event(), done=False)),
    "stream-empty": stream(b""),
    "stream-only-done": stream(sse()),
    "stream-hangs-at-once": raw(stream_head(), close=False),
    "stream-hangs-after-a-token": streams_then_hangs,
    "stream-of-pings": endless(stream_head(), chunk(b": ping\n\n"), 0.02),
    "stream-byte-by-byte": endless(stream_head() + chunk(b"data: "), chunk(b" "), 0.02),
    "stream-endless": endless(stream_head(), chunk(sse(event(), done=False) * 50)),
    "stream-endless-slowly": endless(stream_head(), chunk(sse(event(), done=False)), 0.02),
    "stream-endless-line": endless(stream_head(), chunk(b"data: " + b"x" * 2**16)),
    "stream-endless-event": endless(stream_head(), chunk(b"data: " + b"x" * 2**14 + b"\n")),
    "stream-error": stream(sse(event(), {"error": {"message": "out of memory"}})),
    "stream-not-json": stream(sse("hello")),
    "stream-nan": stream(sse(json.dumps(event()).replace("-0.1", "NaN"))),
    "stream-without-choices": stream(sse({"hello": 1})),
    "stream-logprob-above-zero": stream(
        sse(event(choices=[{"index": 0, "logprobs": {"content": [entry(logprob=1)]}}]))
    ),
    "stream-delta-a-string": stream(sse(event(choices=[{"index": 0, "delta": "hello"}]))),
    "stream-gzip": reply(
        gzip.compress(sse(event())),
        content_type="text/event-stream",
        headers={"Content-Encoding": "gzip"},
    ),
    "stream-html": reply("<html>", content_type="text/html"),
}
"""Streams that never become an answer."""

BEHAVIOURS: dict[str, Behaviour] = {
    **GOOD,
    **CONNECTIONS,
    **SIZES,
    **BROKEN_JSON,
    **BROKEN_SHAPES,
    **BROKEN_LOGPROBS,
    **BROKEN_TEXT_LOGPROBS,
    **STATUSES,
    **GOOD_STREAMS,
    **BROKEN_STREAMS,
    "text-completion": text_logprobs(),
}
"""Every way to answer, by name. `answers` is the good one."""
