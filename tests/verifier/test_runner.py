from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence

import pytest

from tests.verifier.synthetic import Synthetic
from verifier.checks.base import Ask, Observation, Probe, Purpose, Status
from verifier.runner import MemoryStore, Progress, drive

Asking = Generator[Ask, Sequence[Observation], list[str]]


def probe(key: str) -> Probe:
    body = {"messages": [{"role": "user", "content": key}], "max_tokens": 1, "temperature": 0.0}
    return Probe(key, "chat/completions", body, Purpose.DECISION)


def dialogue(*rounds: Sequence[str]) -> Asking:
    """Asks each round; returns the keys of the answers in the order in which it received them."""
    received = []
    for keys in rounds:
        answers = yield Ask(tuple(probe(key) for key in keys), f"round of {len(keys)}", 4)
        received += [answer.key for answer in answers]
    return received


class Slow:
    """Answers when told to; counts who is in flight."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.most = 0
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.release = asyncio.Event()
        self.full = asyncio.Event()

    async def ask(self, sent: Probe) -> Observation:
        self.asked.append(sent.key)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        self.full.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.append(sent.key)
            raise
        finally:
            self.in_flight -= 1
        return Observation(sent.key, Status.OK)


async def at_once(sent: Probe) -> Observation:
    return Synthetic().ask(sent)


KEYS = [f"k{i}" for i in range(10)]


@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_so_many_are_in_flight_and_no_more(concurrency: int) -> None:
    slow, store = Slow(), MemoryStore()
    run = asyncio.create_task(drive(dialogue(KEYS), slow.ask, store, concurrency=concurrency))
    await slow.full.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert slow.most == min(concurrency, len(KEYS))
    slow.release.set()
    assert await run == KEYS
    assert slow.most == min(concurrency, len(KEYS))


async def test_answers_come_back_in_the_order_of_the_probes_whenever_they_arrive() -> None:
    arrived: list[str] = []

    async def ask(sent: Probe) -> Observation:
        for _ in range(10 - int(sent.key[1:])):
            await asyncio.sleep(0)
        arrived.append(sent.key)
        return Observation(sent.key, Status.OK)

    assert await drive(dialogue(KEYS), ask, MemoryStore(), concurrency=10) == KEYS
    assert arrived != KEYS


async def test_a_round_begins_when_the_one_before_is_complete() -> None:
    order: list[str] = []

    async def ask(sent: Probe) -> Observation:
        order.append(sent.key)
        await asyncio.sleep(0)
        return Observation(sent.key, Status.OK)

    await drive(dialogue(["a", "b"], ["c"], ["d", "e"]), ask, MemoryStore(), concurrency=4)
    assert [set(order[:2]), order[2], set(order[3:])] == [{"a", "b"}, "c", {"d", "e"}]


async def test_each_observation_is_saved_once_before_the_dialogue_sees_it() -> None:
    store = MemoryStore()

    def looking() -> Asking:
        yield from dialogue(["a", "b"])
        assert [sent.key for sent, _ in store.saved] == ["a", "b"]
        return (yield from dialogue(["c"]))

    await drive(looking(), at_once, store, concurrency=1)
    assert [(sent.key, seen.key) for sent, seen in store.saved] == [(key, key) for key in "abc"]


async def test_a_resumed_run_asks_only_for_what_is_unknown() -> None:
    first = MemoryStore()
    whole = await drive(dialogue(KEYS, ["x", "y"]), at_once, first, concurrency=2)
    known = {sent.key: seen for sent, seen in first.saved[:7]}
    asked: list[str] = []

    async def ask(sent: Probe) -> Observation:
        asked.append(sent.key)
        return await at_once(sent)

    second = MemoryStore(known)
    assert await drive(dialogue(KEYS, ["x", "y"]), ask, second, concurrency=2) == whole
    assert set(asked) == {*KEYS, "x", "y"} - set(known)
    assert [sent.key for sent, _ in second.saved] == asked, "what was known is not saved again"


async def test_progress_counts_to_the_end_and_never_beyond_what_is_planned() -> None:
    told: list[Progress] = []
    await drive(
        dialogue(["a", "b"], KEYS), at_once, MemoryStore({"a": Observation("a", Status.OK)}), concurrency=2,
        on_progress=told.append,
    )  # fmt: skip
    assert [progress.done for progress in told] == list(range(1, 13))
    assert all(progress.done <= progress.planned for progress in told)
    assert [told[0].stage, told[-1].stage] == ["round of 2", "round of 10"]


async def test_progress_may_be_awaited() -> None:
    told: list[int] = []

    async def tell(progress: Progress) -> None:
        await asyncio.sleep(0)
        told.append(progress.done)

    await drive(dialogue(["a", "b"]), at_once, MemoryStore(), concurrency=1, on_progress=tell)
    assert told == [1, 2]


class Full(MemoryStore):
    """Fails to save the third observation."""

    async def save(self, probe: Probe, observation: Observation) -> None:
        if len(self.saved) == 2:
            raise OSError("the disk is full")
        await super().save(probe, observation)


async def test_an_error_of_the_store_ends_the_run_and_is_passed_on_as_it_is() -> None:
    with pytest.raises(OSError, match="the disk is full"):
        await drive(dialogue(KEYS), at_once, Full(), concurrency=2)


async def test_a_failing_store_cancels_what_is_in_flight() -> None:
    slow = Slow()

    async def ask(sent: Probe) -> Observation:
        return await (slow.ask(sent) if sent.key in "xyz" else at_once(sent))

    store = Full()
    with pytest.raises(OSError, match="the disk is full"):
        await drive(dialogue(["x", "y", "z", "a", "b", "c"]), ask, store, concurrency=6)
    assert sorted(slow.cancelled) == ["x", "y", "z"]


async def test_an_error_of_the_dialogue_is_passed_on() -> None:
    def failing() -> Asking:
        yield from dialogue(["a"])
        raise ValueError("the suite has changed")

    with pytest.raises(ValueError, match="the suite has changed"):
        await drive(failing(), at_once, MemoryStore(), concurrency=1)


async def test_a_cancelled_run_cancels_what_is_in_flight_and_keeps_what_arrived() -> None:
    slow, store = Slow(), MemoryStore()

    async def ask(sent: Probe) -> Observation:
        return await (at_once(sent) if sent.key == "k0" else slow.ask(sent))

    run = asyncio.create_task(drive(dialogue(KEYS), ask, store, concurrency=4))
    await slow.full.wait()
    while slow.in_flight < 4:
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert [sent.key for sent, _ in store.saved] == ["k0"]
    assert len(slow.cancelled) == 4
    assert slow.in_flight == 0


async def test_a_dialogue_that_asks_nothing_returns_at_once() -> None:
    assert await drive(dialogue(), at_once, MemoryStore(), concurrency=1) == []
