"""What the nightly dump is made of, and the dump."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from leaderboard.models import Change, Dump
from leaderboard.run_documents import Published, document
from leaderboard.selectors.served import change_document, columns_of, served_changes
from verifier.models import Run, RunState

AT_ONCE = 200
"""Runs that are read at once: a result is large."""


def latest_dump() -> Dump | None:
    """The dump without its content. One query."""
    return Dump.objects.defer("content").order_by("-made", "-pk").first()


def dumped_runs(served: dict[UUID, Any]) -> Iterator[dict[str, Any]]:
    """The document of every complete public run, oldest first. `served`: endpoint id -> its document."""
    verdicts: dict[UUID, set[str]] = {}
    for run_id, verdict in Change.objects.exclude(run=None).values_list("run", "verdict"):
        verdicts.setdefault(run_id, set()).add(verdict)
    runs = Run.objects.filter(state=RunState.COMPLETE, private=False, endpoint__listed=True)
    for run in runs.select_related("endpoint__model").order_by("ended", "pk").iterator(AT_ONCE):
        told = Published(frozenset(verdicts.get(run.pk, ())), served.get(run.endpoint_id))
        yield document(columns_of(run), told)


def dumped_changes() -> Iterator[dict[str, Any]]:
    """Every change as it is served, the newest first."""
    return (change_document(change) for change in served_changes().iterator(AT_ONCE))
