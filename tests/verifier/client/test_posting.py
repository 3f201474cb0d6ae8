"""A webhook is a request to a stranger's address: guarded, bounded, and never followed elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.leaderboard.receiver import Receiver, receiving
from tests.verifier.client.hostile import raw, serving
from verifier.client.egress import EgressPolicy
from verifier.client.posting import LIMITS, post

HEADERS = {"Content-Type": "application/json", "webhook-id": "msg_1"}


def allowing(server: Receiver) -> EgressPolicy:
    return EgressPolicy(allow=frozenset({server.address}))


async def test_it_arrives_as_it_was_sent() -> None:
    with receiving(204) as server:
        posted = await post(server.url, HEADERS, b'{"a":1}', policy=allowing(server))
    assert posted.ok
    assert (posted.status, posted.detail) == (204, "HTTP 204.")
    (got,) = server.got
    assert got.body == b'{"a":1}'
    assert HEADERS.items() <= {**got.headers, "Content-Type": got.headers["content-type"]}.items()


@pytest.mark.parametrize("status", [302, 307, 400, 410, 500])
async def test_nothing_but_2xx_is_taken_and_no_redirect_is_followed(status: int) -> None:
    with receiving(status) as server:
        posted = await post(server.url, HEADERS, b"{}", policy=allowing(server))
    assert not posted.ok
    assert posted.status == status
    assert len(server.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/hook",
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://user:pass@8.8.8.8/",
        "http://8.8.8.8/",
        "file:///etc/passwd",
        "https://2130706433/",
        "nonsense",
    ],
)
async def test_where_no_probe_goes_no_webhook_goes(url: str) -> None:
    posted = await post(url, HEADERS, b"{}", policy=EgressPolicy())
    assert (posted.ok, posted.status) == (False, None)
    assert posted.detail


async def test_a_receiver_that_does_not_answer_is_left_in_time() -> None:
    async with serving(raw(b"", close=False)) as server:
        posted = await post(
            server.base_url,
            HEADERS,
            b"{}",
            policy=EgressPolicy(allow=frozenset({server.address})),
            limits=replace(LIMITS, deadline=0.3),
        )
    assert (posted.status, posted.detail) == (None, "No answer within 0.3 s.")
    assert posted.seconds < 2
