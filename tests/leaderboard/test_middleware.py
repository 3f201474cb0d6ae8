from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from leaderboard.selectors.usage import PAGE_SECONDS
from verifier.services import tallies

pytestmark = pytest.mark.django_db


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
