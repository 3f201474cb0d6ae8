"""Judge stored evidence again: the same dialogue, with no network behind it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TypeVar

from verifier.checks.base import Ask, Fault, Observation, Probe

T = TypeVar("T")


def replay(dialogue: Generator[Ask, Sequence[Observation], T], observations: Mapping[str, Observation]) -> T:
    """What `dialogue` returns when each probe is answered from `observations` (by probe key).

    A probe that was never asked (the run was interrupted) is answered as our own failure, which is
    what the run itself saw.
    """
    answers: Sequence[Observation] | None = None
    while True:
        try:
            ask = next(dialogue) if answers is None else dialogue.send(answers)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        answers = tuple(observations.get(probe.key) or never_asked(probe) for probe in ask.probes)


def never_asked(probe: Probe) -> Observation:
    """The observation of a probe that was not sent because the run was interrupted."""
    return Observation(
        key=probe.key,
        status=Fault.INTERNAL.status,
        fault=Fault.INTERNAL,
        detail="The run was interrupted before this request was sent.",
        attempts=0,
    )
