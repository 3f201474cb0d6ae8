from __future__ import annotations

from ipaddress import ip_address

import pytest
from django.test import RequestFactory

from leaderboard.addresses import client_address, sender


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.1", "192.0.2.7"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "10.9.9.9, 203.0.113.1", "203.0.113.1"),
        (2, "10.9.9.9, 203.0.113.1, 198.51.100.1", "203.0.113.1"),
        (2, "203.0.113.1", "192.0.2.7"),
        (1, "", "192.0.2.7"),
        (1, "nonsense", "192.0.2.7"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.1", "203.0.113.1"),
    ],
)
def test_only_our_own_proxies_say_where_a_request_comes_from(
    proxies: int, forwarded: str, expected: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.7")
    assert client_address(request.META, proxies) == expected


def test_a_sender_is_told_whole_and_a_socket_has_none() -> None:
    assert sender({"REMOTE_ADDR": "2001:db8:1:2::5"}, 0) == ip_address("2001:db8:1:2::5")
    assert sender({"REMOTE_ADDR": ""}, 0) is None
    assert client_address({}, 1) == "unknown"
