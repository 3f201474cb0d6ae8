"""What the token microscope reads: a run's answers, and what its baseline says of the same places."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from leaderboard.microscope import Asked, Place, Recorded, places
from verifier.baseline import files
from verifier.evidence.codec import observation_from_json
from verifier.models import Baseline, Observation, Run, RunState

KEPT_BASELINES, KEPT_RUNS = 3, 16
"""How many a process keeps at hand: neither a ready baseline nor an ended run ever changes."""


def places_of(run: Run) -> list[Place]:
    """Every place of a run that can be compared, in order of arrival; none without a readable baseline.

    Two queries the first time. Of a run under way, what has arrived so far.
    """
    if run.state == RunState.COMPLETE:
        return _kept_places(run.pk, run.baseline_id, top_k(run))
    return _places(run.pk, run.baseline_id, top_k(run))


def top_k(run: Run) -> int:
    """The length of the lists that the run compared, 0 where it had none."""
    result: Mapping[str, Any] = run.result or {}
    if result.get("evidence_level") == "text":
        return 0
    return int(result.get("k") or 20)


def observation(run_id: UUID, sequence: int) -> Observation | None:
    """One request of a run by its number. One query."""
    return Observation.objects.filter(run=run_id, sequence=sequence).first()


def asked(row: Observation) -> Asked | None:
    """A stored request as the microscope takes it; None where what is stored cannot be read."""
    try:
        found = observation_from_json(row.payload)
    except (KeyError, TypeError, ValueError):
        return None
    return Asked(row.sequence, row.key, pinned(row.request), found)


def pinned(request: Any) -> str:
    """The beginning of an answer that a request pinned."""
    body = request.get("body") if isinstance(request, Mapping) else None
    messages = body.get("messages") if isinstance(body, Mapping) else None
    last = messages[-1] if isinstance(messages, list) and messages else None
    if isinstance(last, Mapping) and last.get("role") == "assistant":
        return str(last.get("content") or "")
    return ""


@lru_cache(maxsize=KEPT_RUNS)
def _kept_places(run_id: UUID, baseline_id: UUID, k: int) -> list[Place]:
    return _places(run_id, baseline_id, k)


def _places(run_id: UUID, baseline_id: UUID, k: int) -> list[Place]:
    recorded = _recorded(baseline_id)
    if recorded is None:
        return []
    rows = Observation.objects.filter(run=run_id, status="ok").order_by("sequence")
    fields = rows.only("sequence", "key", "request", "payload")
    return places([one for row in fields if (one := asked(row)) is not None], recorded, k)


@lru_cache(maxsize=KEPT_BASELINES)
def _recorded(baseline_id: UUID) -> Recorded | None:
    data = Baseline.objects.filter(pk=baseline_id).values_list("data", flat=True).first()
    try:
        return Recorded.of(files.load(bytes(data or b"")))
    except ValueError:
        return None
