"""Drives a dialogue (a check, a recording, a whole verification) with something that answers probes.

Knows no HTTP and no database: `ask` sends one probe, `store` keeps observations. A run that died is
resumed by driving the same dialogue again with the same store: what is known is not asked for twice.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from verifier.checks.base import Ask, Observation, Probe, Weighed

T = TypeVar("T")


class Store(Protocol):
    """Where a run's observations live."""

    async def known(self) -> Mapping[str, Observation]:
        """Observations of an earlier attempt at this run, by probe key."""

    async def save(self, probe: Probe, observation: Observation) -> None:
        """Keep one observation. Called once each, as it arrives, before the dialogue sees it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of about `planned` requests; `planned` may move as the run learns what it needs."""

    done: int
    planned: int
    stage: str
    weighed: Weighed | None = None


async def drive(
    dialogue: Generator[Ask, Sequence[Observation], T],
    ask: Callable[[Probe], Awaitable[Observation]],
    store: Store,
    *,
    concurrency: int,
    on_progress: Callable[[Progress], Awaitable[None] | None] | None = None,
) -> T:
    """Run `dialogue` to its end and return what it returns.

    At most `concurrency` probes are in flight. Errors raised by the store end the run and are passed
    on; a cancelled run cancels what is in flight.
    """
    known = dict(await store.known())
    slots = asyncio.Semaphore(concurrency)
    done = 0

    async def observe(probe: Probe, step: Ask) -> Observation:
        nonlocal done
        observation = known.get(probe.key)
        if observation is None:
            async with slots:
                observation = await ask(probe)
                await store.save(probe, observation)
        done += 1
        if on_progress is not None:
            told = on_progress(Progress(done, max(step.planned, done), step.stage, step.weighed))
            if inspect.isawaitable(told):
                await told
        return observation

    answers: Sequence[Observation] | None = None
    while True:
        try:
            step = next(dialogue) if answers is None else dialogue.send(answers)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(observe(probe, step)) for probe in step.probes]
        except ExceptionGroup as failures:
            # The others were cancelled; the first failure is the one to tell.
            raise failures.exceptions[0] from None
        answers = tuple(task.result() for task in tasks)


class MemoryStore:
    """Observations kept in memory in the order they were saved; starts from `known`."""

    def __init__(self, known: Mapping[str, Observation] | None = None) -> None:
        self._known = dict(known or {})
        self.saved: list[tuple[Probe, Observation]] = []

    async def known(self) -> Mapping[str, Observation]:
        return self._known

    async def save(self, probe: Probe, observation: Observation) -> None:
        self.saved.append((probe, observation))
