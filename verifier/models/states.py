"""Which changes of state are allowed: the one place that says so."""

from __future__ import annotations

from collections.abc import Mapping

RUN_TRANSITIONS: Mapping[str, frozenset[str]] = {
    # Running goes back to queued when a worker hands its work back; queued fails when nobody can do it.
    "queued": frozenset({"running", "failed", "cancelled"}),
    "running": frozenset({"queued", "complete", "failed", "cancelled"}),
    "complete": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}

BASELINE_TRANSITIONS: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"recording", "failed"}),
    "recording": frozenset({"queued", "ready", "failed"}),
    "ready": frozenset(),
    "failed": frozenset(),
}


class IllegalTransition(Exception):
    """Somebody asked for a change of state that the table does not allow."""

    def __init__(self, what: str, now: str, to: str) -> None:
        super().__init__(f"{what} is {now} and can't become {to}")


def sources(transitions: Mapping[str, frozenset[str]], to: str) -> list[str]:
    """The states from which `to` may be reached, for a conditional update."""
    return sorted(state for state, targets in transitions.items() if to in targets)


def require(transitions: Mapping[str, frozenset[str]], what: str, now: str, to: str) -> None:
    """Raise IllegalTransition unless `now` may become `to`."""
    if to not in transitions.get(now, frozenset()):
        raise IllegalTransition(what, now, to)
