"""Quotas: counted by one script in Redis, so that no request slips in between reading and writing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import redis
import structlog
from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from leaderboard.addresses import client_address
from verifier.services.redis_connection import connection

if TYPE_CHECKING:  # these modules are named in REST framework's settings, which its views read
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

_COUNT = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""
"""Increment; the first of a window sets its end. Returns (count, milliseconds until the window ends)."""

UNCOUNTED = "assay.uncounted"
"""In what the server gave of a request that is made by ourselves, and that no client can send."""
RETRY_SECONDS = 5.0
"""After Redis failed, requests pass uncounted for so long before it is asked again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`limit` requests in `seconds`, counted together for every client under `name`."""

    name: str
    limit: int
    seconds: int

    def header(self) -> str:
        """The RateLimit-Policy item."""
        return f'"{self.name}";q={self.limit};w={self.seconds}'


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a quota, and in how many seconds it is whole again. Below zero: refused."""

    policy: Policy
    remaining: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes them."""
        left = f'"{self.policy.name}";r={max(0, self.remaining)};t={self.seconds}'
        return {"RateLimit-Policy": self.policy.header(), "RateLimit": left}


class Quota(BaseThrottle):
    """One client's quota under the policy that the view names in `quota`; writes have their own."""

    left: Left | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        if UNCOUNTED in request._request.META:
            return True
        reads = request.method in SAFE_METHODS
        policy = settings.API_QUOTAS[getattr(view, "quota", "reads") if reads else "writes"]
        self.left = count(Policy(*policy), _who(request))
        request._request.quota_left = self.left  # type: ignore[attr-defined]  # for the answer's headers
        return self.left is None or self.left.remaining >= 0

    def wait(self) -> float | None:
        return None if self.left is None else float(self.left.seconds)


def count(policy: Policy, who: str) -> Left | None:
    """Count one request of this client. None where Redis can't be asked: reading goes on without a quota."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return None
    try:
        found, left = _script(connection())(
            keys=[f"assay.quota.{policy.name}.{who}"], args=[policy.seconds * 1000]
        )
    except redis.RedisError as error:
        _silent_until = time.monotonic() + RETRY_SECONDS
        log.warning("quotas are not counted", reason=str(error))
        return None
    return Left(policy, policy.limit - int(found), max(1, -(-int(left) // 1000)))


_silent_until = 0.0


@cache
def _script(to: redis.Redis) -> Callable[..., Any]:
    return to.register_script(_COUNT)


def _who(request: Request) -> str:
    """The account behind a token, else the address it comes from."""
    user = getattr(request, "user", None)
    if user is not None and getattr(user, "pk", None) is not None:
        return f"account.{user.pk}"
    return f"address.{client_address(request._request.META, settings.PROXY_COUNT)}"
