"""The client: one probe in, one observation out, whatever the endpoint does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from types import TracebackType
from typing import Self

from verifier.checks.base import Fault, Observation, Probe, Status
from verifier.client.budget import Budget, BudgetExceeded
from verifier.client.egress import EgressPolicy, EgressRefused, Guard, NameUnresolved
from verifier.client.exchange import PARSERS, Received, request_url, send
from verifier.client.faults import Failure
from verifier.client.http import Transport
from verifier.client.keeping import redacted_answer
from verifier.client.limits import Limits
from verifier.client.redaction import Redactor
from verifier.client.resolver import Resolver
from verifier.client.retry import wait_seconds
from verifier.client.target import Target


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a client takes from the world, so that a test can replace it."""

    resolver: Resolver | None = None
    tls: ssl.SSLContext | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Random = field(default_factory=Random)


class Client:
    """Asks one endpoint. An async context manager; `ask` may be called from many tasks at once.

    At most `limits.concurrency` requests are in flight. Failures are observations, never exceptions.
    """

    def __init__(
        self,
        target: Target,
        *,
        policy: EgressPolicy,
        limits: Limits = Limits(),  # noqa: B008  (immutable)
        budget: Budget | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._target = target
        self._limits = limits
        self.budget = budget or Budget()
        self._around = surroundings or Surroundings()
        self._guard = Guard(policy, self._around.resolver)
        self._transport = Transport(self._guard, limits, self._around.tls)
        self._redact = Redactor(target.api_key)
        self._slots = asyncio.Semaphore(limits.concurrency)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.aclose()

    async def ask(self, probe: Probe) -> Observation:
        """Send a probe, with its retries, and say what became of it.

        Raises nothing but `asyncio.CancelledError`. Ends within `limits.patience` once a slot is free.
        """
        async with self._slots:
            started = datetime.now(UTC).isoformat(timespec="milliseconds")
            attempt = _Attempt(probe, started)
            try:
                return await self._ask(attempt)
            except Exception as error:
                # A bug of ours, or a machine in trouble: never the endpoint's fault, never the end of the run.
                return self._failed(
                    attempt, Failure(Fault.INTERNAL, f"The client failed: {type(error).__name__}.")
                )

    async def _ask(self, attempt: _Attempt) -> Observation:
        probe = attempt.probe
        if probe.api not in PARSERS:
            return self._failed(attempt, Failure(Fault.INTERNAL, f"Unknown API {probe.api!r}."))
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._limits.patience
        retry = 0
        free = 1
        while True:
            try:
                self._guard.destination(request_url(self._target, probe.api))
                self.budget.spend_request()
                attempt.sends += 1
                async with asyncio.timeout_at(give_up):
                    received = await send(self._transport, self._target, probe, self._limits)
            except BudgetExceeded as error:
                return self._failed(attempt, Failure(Fault.BUDGET, str(error)))
            except NameUnresolved as error:
                failure = Failure(Fault.UNREACHABLE, str(error), transient=True)
            except EgressRefused as error:
                return self._failed(attempt, Failure(Fault.EGRESS_REFUSED, str(error)))
            except TimeoutError:
                return self._failed(
                    attempt,
                    Failure(Fault.TIMEOUT, f"No answer within {self._limits.patience:g} s of trying."),
                )
            except Failure as error:
                failure = error
            else:
                return self._answered(attempt, received)
            if failure.stale and free:
                free -= 1
                continue
            wait = wait_seconds(retry, failure.retry_after, self._limits, self._around.random)
            if not failure.transient or retry >= self._limits.retries or loop.time() + wait >= give_up:
                return self._failed(attempt, failure)
            retry += 1
            await self._around.sleep(wait)

    def _answered(self, attempt: _Attempt, received: Received) -> Observation:
        answer = received.answer
        self.budget.spend_tokens(
            prompt=answer.prompt_tokens or 0,
            completion=attempt.completion_tokens(answer.completion_tokens),
        )
        return Observation(
            key=attempt.probe.key,
            status=Status.OK,
            answer=redacted_answer(answer, self._redact),
            http_status=received.http_status,
            attempts=attempt.sends,
            started_at=attempt.started_at,
            elapsed=received.elapsed,
            first_token=received.first_token,
        )

    def _failed(self, attempt: _Attempt, failure: Failure) -> Observation:
        return Observation(
            key=attempt.probe.key,
            status=failure.fault.status,
            fault=failure.fault,
            detail=self._redact.detail(failure.detail),
            http_status=failure.http_status,
            attempts=attempt.sends,
            started_at=attempt.started_at,
        )


@dataclass(slots=True)
class _Attempt:
    """A probe on its way, and how often it was sent."""

    probe: Probe
    started_at: str
    sends: int = 0

    def completion_tokens(self, said: int | None) -> int:
        """What to book: what the server says, or else what it was allowed to generate."""
        if said is not None:
            return said
        for name in ("max_completion_tokens", "max_tokens"):
            allowed = self.probe.body.get(name)
            if isinstance(allowed, int):
                return allowed
        return 0
