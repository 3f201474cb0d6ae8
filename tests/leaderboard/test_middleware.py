from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from django.test import Client
from pytest_django import Settings

from leaderboard.selectors.usage import PAGE_SECONDS
from verifier.services import tallies

pytestmark = pytest.mark.django_db

PEERS = {"10.8.3.4": 200, "2001:db8:1::2": 200, "127.0.0.1": 404, "10.9.0.1": 404, "2001:db9::1": 404}


@pytest.fixture
def asked(broker: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """How many requests to a part of the site were answered so."""
    monkeypatch.setattr(tallies, "_silent_until", 0.0)

    def count(part: str, status: str = "2xx") -> int:
        tallies.flush()
        found = tallies.tallied()
        assert found is not None
        lengths = found.lengths(PAGE_SECONDS).get((("part", part), ("status", status)))
        return 0 if lengths is None else lengths.counts[-1]

    return count


@pytest.mark.parametrize(
    ("path", "part", "status"),
    [
        ("/", "pages", "2xx"),
        ("/api/v1/models", "api", "2xx"),
        ("/account/login/", "account", "2xx"),
        ("/zh-hans/account/login/", "account", "2xx"),
        ("/operator/", "operator", "3xx"),
        ("/nowhere/", "none", "4xx"),
        ("/static/nothing.css", "static", "4xx"),
    ],
)
def test_requests_are_counted_by_part_and_status(
    path: str, part: str, status: str, client: Client, asked: Callable[..., int]
) -> None:
    before = asked(part, status)
    client.get(path)
    assert asked(part, status) == before + 1


def test_what_machines_ask_every_few_seconds_is_not_counted(
    client: Client, asked: Callable[..., int]
) -> None:
    before = [asked(part) for part in ("pages", "none")]
    client.get("/healthz")
    client.get("/readyz")
    assert [asked(part) for part in ("pages", "none")] == before


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "status"),
    [
        (0, "127.0.0.1", "", 200),
        (0, "::1", "", 200),
        (0, "203.0.113.7", "", 404),
        (0, "203.0.113.7", "127.0.0.1", 404),
        (1, "127.0.0.1", "203.0.113.7", 404),
        (1, "127.0.0.1", "127.0.0.1, 203.0.113.7", 404),
        (1, "10.0.0.1", "127.0.0.1", 200),
        (0, "", "", 404),
    ],
)
def test_the_operators_pages_exist_for_this_machine_alone(
    proxies: int, peer: str, forwarded: str, status: int, admin_client: Client, settings: Settings
) -> None:
    settings.PROXY_COUNT = proxies
    for address in ("/operator/", "/operator/desk/"):
        found = admin_client.get(address, headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=peer)
        assert found.status_code == status, address


def test_elsewhere_nothing_tells_that_there_are_such_pages(client: Client) -> None:
    for address in ("/operator", "/operator/login/", "/operator/desk"):
        found = client.get(address, REMOTE_ADDR="203.0.113.7")
        assert found.status_code == 404
        assert "Location" not in found


def test_other_networks_can_be_let_in(admin_client: Client, settings: Settings) -> None:
    settings.ADMIN_NETWORKS = (ip_network("10.8.0.0/16"), ip_network("2001:db8::/32"))
    asked = {peer: admin_client.get("/operator/", REMOTE_ADDR=peer).status_code for peer in PEERS}
    assert asked == PEERS
