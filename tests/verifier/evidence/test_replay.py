from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from tests.verifier.synthetic import Synthetic
from verifier.checks.base import Ask, Fault, Observation, Probe, Purpose
from verifier.evidence.replay import never_asked, replay
from verifier.runner import MemoryStore, drive

Asking = Generator[Ask, Sequence[Observation], list[tuple[str, str]]]


def probe(key: str) -> Probe:
    body = {"messages": [{"role": "user", "content": key}], "max_tokens": 2, "temperature": 0}
    return Probe(key, "chat/completions", body, Purpose.DECISION)


def dialogue(rounds: int = 3) -> Asking:
    """Asks what depends on the answers: the next keys are the texts of the last."""
    said: list[tuple[str, str]] = []
    keys = ["a", "b", "c"]
    for _ in range(rounds):
        observations = yield Ask(tuple(probe(key) for key in keys), "asking", 9)
        said += [(o.key, o.answer.text if o.answer else str(o.fault)) for o in observations]
        keys = [text for _, text in said[-len(keys) :]]
    return said


async def test_a_replay_returns_what_the_drive_returned() -> None:
    endpoint, store = Synthetic(), MemoryStore()

    async def ask(sent: Probe) -> Observation:
        return endpoint.ask(sent)

    driven = await drive(dialogue(), ask, store, concurrency=2)
    assert replay(dialogue(), {observation.key: observation for _, observation in store.saved}) == driven
    assert len(driven) == 9


def test_what_was_never_asked_is_our_own_failure() -> None:
    said = replay(dialogue(1), {"b": Synthetic().ask(probe("b"))})
    assert [text for _, text in said] == ["internal", Synthetic().complete(probe("b").body).text, "internal"]
    missing = never_asked(probe("x"))
    assert (missing.key, missing.fault, missing.attempts, missing.answer) == ("x", Fault.INTERNAL, 0, None)
    assert missing.status is Fault.INTERNAL.status


def test_a_dialogue_that_asks_nothing_is_over_at_once() -> None:
    assert replay(dialogue(0), {}) == []


def test_what_a_dialogue_raises_is_passed_on() -> None:
    def failing() -> Asking:
        yield Ask((probe("a"),), "asking", 1)
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        replay(failing(), {})
