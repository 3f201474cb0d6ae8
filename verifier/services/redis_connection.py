"""A process's own connection to Redis, for what may be lost: quotas, tallies, kept pages."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings


def connection() -> redis.Redis:
    """Of this process to the Redis of the settings; it gives up soon, since somebody waits for it."""
    return _to(str(settings.CELERY_BROKER_URL))


@cache
def _to(url: str) -> redis.Redis:
    url = url.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5)
