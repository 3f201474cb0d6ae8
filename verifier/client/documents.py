"""One document by its address: small, public, and fetched under the same guard as everything else."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from verifier.client.egress import EgressPolicy, EgressRefused, Guard
from verifier.client.faults import Failure
from verifier.client.http import Transport
from verifier.client.limits import Limits
from verifier.client.resolver import Resolver

LIMITS = Limits(deadline=20.0, max_bytes=4 * 2**20, concurrency=1)


class NotFetched(Exception):
    """There is no document; the message is one clear sentence."""


async def fetch(
    url: str,
    policy: EgressPolicy,
    *,
    limits: Limits = LIMITS,
    accept: str = "application/json",
    resolver: Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """The body of a 200 answer to GET. Redirects are not followed. Raises NotFetched."""
    guard = Guard(policy, resolver)
    transport = Transport(guard, limits, tls)
    body = bytearray()
    try:
        guard.destination(url)
        async with asyncio.timeout(limits.deadline), transport.get(url, {"Accept": accept}) as reply:
            if reply.status != 200:
                raise NotFetched(_status(url, reply.status, reply.headers.get("location")))
            async for chunk in reply.body():
                body += chunk
    except (EgressRefused, Failure) as error:
        raise NotFetched(f"{url[:200]} was not fetched: {error}") from None
    except TimeoutError:
        raise NotFetched(f"{url[:200]} did not answer within {limits.deadline:g} s.") from None
    finally:
        with suppress(Exception):
            await transport.aclose()
    return bytes(body)


def _status(url: str, status: int, location: str | None) -> str:
    if 300 <= status < 400:
        return f"{url[:200]} redirects to {(location or 'nowhere')[:200]}; give the final address."
    return f"{url[:200]} answers HTTP {status}."
