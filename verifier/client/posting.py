"""One POST to an address that a stranger named: a webhook. Behind the same guard and limits as any probe."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from verifier.client.egress import EgressPolicy, EgressRefused, Guard
from verifier.client.faults import Failure
from verifier.client.http import Transport
from verifier.client.limits import Limits
from verifier.client.session import Surroundings

LIMITS = Limits(deadline=15.0, connect=5.0, max_bytes=64 * 2**10, concurrency=1)


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of it. `status` is None where no answer came; `detail` is one plain sentence."""

    status: int | None
    detail: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it was taken: any 2xx. A redirect is not followed and counts as refused."""
        return self.status is not None and 200 <= self.status < 300


async def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    policy: EgressPolicy,
    limits: Limits = LIMITS,
    surroundings: Surroundings | None = None,
) -> Posted:
    """Send once and read the status; what the answer says is not kept. Raises nothing but cancellation."""
    around = surroundings or Surroundings()
    guard = Guard(policy, around.resolver)
    transport = Transport(guard, limits, around.tls)
    started = asyncio.get_running_loop().time()

    def posted(status: int | None, detail: str) -> Posted:
        return Posted(status, detail, asyncio.get_running_loop().time() - started)

    try:
        guard.destination(url)
        async with asyncio.timeout(limits.deadline), transport.post(url, headers, body) as reply:
            return posted(reply.status, f"HTTP {reply.status}.")
    except TimeoutError:
        return posted(None, f"No answer within {limits.deadline:g} s.")
    except EgressRefused as error:
        return posted(None, str(error))
    except Failure as failure:
        return posted(None, failure.detail)
    except Exception as error:
        # A bug of ours, or a machine in trouble: the delivery is tried again.
        return posted(None, f"The client itself failed ({type(error).__name__}).")
    finally:
        await transport.aclose()
