"""Quotas against a real Redis: exact under parallel requests, deaf to what a client says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from leaderboard.api import docs, throttles
from leaderboard.demo.redis import embedded_redis


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with TemporaryDirectory(prefix="assay-") as folder:
        path = Path(folder) / "redis.sock"
        with embedded_redis(path, Path(folder) / "log"):
            yield f"redis+socket://{path}"


@pytest.fixture
def twenty(redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch, request: Any) -> None:
    """A limit of 20 a minute under a name of this test's own."""
    settings.CELERY_BROKER_URL = redis_url
    settings.PROXY_COUNT = 0
    settings.API_QUOTAS = {"reads": (re.sub(r"\W", "-", request.node.name), 20, 60)}
    monkeypatch.setattr(throttles, "_silent_until", 0.0)
    docs.document()


def ask(url: str, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    try:
        connection.request("GET", "/api/v1/openapi.json", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_200_parallel_requests_at_a_limit_of_20(twenty: None, live_server: Any) -> None:
    """Each says that it comes from elsewhere, which changes nothing."""
    forged = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(200)]
    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(lambda headers: ask(live_server.url, headers), forged))
    assert sorted(set(statuses)) == [200, 429]
    assert statuses.count(200) == 20


def test_what_is_left_and_when_it_is_whole_again_is_told(twenty: None, client: Client, db: None) -> None:
    first = client.get("/api/v1/openapi.json")
    assert re.fullmatch(r'"[\w-]+";q=20;w=60', first["RateLimit-Policy"])
    assert re.fullmatch(r'"[\w-]+";r=19;t=(60|59)', first["RateLimit"])
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert ";r=18;" in again["RateLimit"]
    assert ";r=17;" in client.get("/api/v1/nothing")["RateLimit"], "what is not there counts as well"
    for _ in range(17):
        client.get("/api/v1/openapi.json")
    refused = client.get("/api/v1/models")
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert ";r=0;" in refused["RateLimit"]
    assert refused["Cache-Control"] == "private, no-store"
    assert refused.json()["type"].endswith("quota-exceeded")
    other = client.get("/api/v1/openapi.json", REMOTE_ADDR="203.0.113.9")
    assert other.status_code == 200, "somebody else's quota is whole"


def test_reading_goes_on_where_redis_is_gone(
    settings: Any, client: Client, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nothing.sock"
    monkeypatch.setattr(throttles, "_silent_until", 0.0)
    response = client.get("/api/v1/models")
    assert response.status_code == 200
    assert "RateLimit" not in response
