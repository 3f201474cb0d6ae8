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
from verifier.client.exchange import APIS, Received, request_url, send
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
            attempt = _Attempt(probe, datetime.now(UTC).isoformat(timespec="milliseconds"))
            try:
                return self._answered(attempt, await self._send_until_settled(attempt))
            except Failure as failure:
                return self._failed(attempt, failure)
            except Exception as error:
                # A bug of ours, or a machine in trouble: not the endpoint's fault, not the end of the run.
                ours = Failure(Fault.INTERNAL, f"The client itself failed ({type(error).__name__}).")
                return self._failed(attempt, ours)

    async def _send_until_settled(self, attempt: _Attempt) -> Received:
        """Send, and send again while that can help.

        Raises:
            Failure: the last one, when nothing more is to be tried.
        """
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._limits.patience
        stale_allowed = True
        retry = 0
        while True:
            try:
                return await self._send_once(attempt, give_up)
            except Failure as failure:
                if failure.stale and stale_allowed:
                    stale_allowed = False
                    continue
                wait = wait_seconds(retry, failure.retry_after, self._limits, self._around.random)
                exhausted = retry >= self._limits.retries or loop.time() + wait >= give_up
                if exhausted or not failure.transient:
                    raise
                attempt.failed.append(failure.fault)
            retry += 1
            await self._around.sleep(wait)

    async def _send_once(self, attempt: _Attempt, give_up: float) -> Received:
        """Guard, budget, send; every refusal on the way is a `Failure`."""
        probe = attempt.probe
        if probe.api not in APIS:
            raise Failure(Fault.INTERNAL, f"There is no API {probe.api!r} to ask.")
        try:
            self._guard.destination(request_url(self._target, probe.api))
            self.budget.spend_request()
            attempt.sends += 1
            attempt.sent = asyncio.get_running_loop().time()
            async with asyncio.timeout_at(give_up) as scope:
                return await send(self._transport, self._target, probe, self._limits)
        except BudgetExceeded as error:
            raise Failure(Fault.BUDGET, str(error)) from None
        except NameUnresolved as error:
            raise Failure(Fault.UNREACHABLE, str(error), transient=True) from None
        except EgressRefused as error:
            raise Failure(Fault.EGRESS_REFUSED, str(error)) from None
        except TimeoutError:
            if not scope.expired():
                raise
            tried = f"No answer in {self._limits.patience:g} s of trying."
            raise Failure(Fault.TIMEOUT, tried) from None

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
            failed=tuple(attempt.failed),
            started_at=attempt.started_at,
            elapsed=attempt.elapsed,
            first_token=received.first_token,
        )

    def _failed(self, attempt: _Attempt, failure: Failure) -> Observation:
        return Observation(
            key=attempt.probe.key,
            status=failure.fault.status,
            fault=failure.fault,
            detail=self._redact.detail(failure.detail),
            http_status=failure.http_status,
            error_shape=failure.error_shape,
            attempts=attempt.sends,
            failed=tuple(attempt.failed),
            started_at=attempt.started_at,
            elapsed=attempt.elapsed,
        )


@dataclass(slots=True)
class _Attempt:
    """A probe on its way, and how often it was sent."""

    probe: Probe
    started_at: str
    sends: int = 0
    failed: list[Fault] = field(default_factory=list)
    """Why it was sent again, but for connections that had gone stale."""
    sent: float | None = None
    """When it was last sent, on the loop's clock."""

    @property
    def elapsed(self) -> float | None:
        return None if self.sent is None else asyncio.get_running_loop().time() - self.sent

    def completion_tokens(self, said: int | None) -> int:
        """What to book: what the server says, or else what it was allowed to generate."""
        if said is not None:
            return said
        for name in ("max_completion_tokens", "max_tokens"):
            allowed = self.probe.body.get(name)
            if isinstance(allowed, int):
                return allowed
        return 0
