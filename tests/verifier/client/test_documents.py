from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.client.hostile import Behaviour, chunk, endless, raw, reply, serving, status, stream_head
from verifier.client.documents import LIMITS, NotFetched, fetch
from verifier.client.egress import EgressPolicy

LOCAL = EgressPolicy(allow_loopback=True)
QUICK = replace(LIMITS, deadline=1.0, max_bytes=2**16)


async def fetched(behaviour: Behaviour, policy: EgressPolicy = LOCAL) -> bytes:
    async with serving(behaviour) as server:
        return await fetch(f"http://127.0.0.1:{server.port}/keys.json", policy, limits=QUICK)


async def test_a_document_is_its_bytes_and_nothing_but_a_get_is_sent() -> None:
    async with serving(reply(b'{"a": 1}')) as server:
        assert await fetch(f"http://127.0.0.1:{server.port}/a/b", LOCAL) == b'{"a": 1}'
        (request,) = server.requests
    assert request.path == "/a/b"
    assert request.headers["accept"] == "application/json"
    assert "content-length" not in request.headers
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (status(404), "answers HTTP 404"),
        (status(500), "answers HTTP 500"),
        (status(302, Location="http://169.254.169.254/"), "redirects to http://169.254.169.254/"),
        (reply(b"x" * 2**17), "larger than"),
        (endless(stream_head("application/json"), chunk(b"x" * 2**12)), "larger than"),
        (endless(b"", b"", pause=0.01), "did not answer within 1 s"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "closed the connection in mid-answer"),
        (raw(b"nonsense\r\n\r\n"), "does not speak HTTP"),
        (raw(b""), "without an answer"),
        (reply(b"x", headers={"Content-Encoding": "gzip"}), "encoded as 'gzip'"),
    ],
)
async def test_anything_else_is_one_sentence(behaviour: Behaviour, said: str) -> None:
    with pytest.raises(NotFetched, match=said):
        await fetched(behaviour)


async def test_the_guard_judges_the_address_first() -> None:
    async with serving(reply(b"{}")) as server:
        for url in (
            f"http://127.0.0.1:{server.port}/",
            "https://10.0.0.1/",
            "file:///etc/passwd",
            "https://a@b/",
        ):
            with pytest.raises(NotFetched, match="was not fetched"):
                await fetch(url, EgressPolicy())
        assert server.connections == 0
