"""What the boards and pages read of runs and endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When

from leaderboard.models import DisputeOutcome, Snapshot
from leaderboard.publication import Evidence
from verifier.models import (
    CONFIRMING,
    LOOK,
    Endpoint,
    Finding,
    Observation,
    Provider,
    Run,
    RunState,
    Verdict,
)

CONSIDERED = 6
"""Latest runs of an endpoint that may count together: a day has at most two confirming ones."""

OPEN = (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Latest:
    """The run that speaks for an endpoint, and when a later one could not measure."""

    run: Run
    missed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed endpoint's model and its latest runs that measured something, newest first."""

    model_id: UUID
    runs: list[Evidence]


def evidence_of_listed() -> dict[UUID, Listed]:
    """What publication weighs: every listed endpoint with the evidence of its latest runs. Two queries, whose
    cost does not grow with what lies behind.
    """
    weighed = _measuring(_speaking())
    places = {f"place{number}": Subquery(weighed[number : number + 1]) for number in range(CONSIDERED)}
    endpoints = Endpoint.objects.filter(listed=True).order_by("id").annotate(**places)
    latest = {
        key: (model_id, [run_id for run_id in run_ids if run_id is not None])
        for key, model_id, *run_ids in endpoints.values_list("id", "model_id", *places)
    }
    wanted = [run_id for _, run_ids in latest.values() for run_id in run_ids]
    present = Case(When(created__gte=F("endpoint__changed"), then=True), default=False)
    columns = ("id", "verdict", "accusation", "baseline_id", "trigger", "present")
    runs = {
        run_id: Evidence(
            str(run_id),
            verdict,
            1.0 if accusation is None else accusation,
            str(baseline_id),
            trigger in CONFIRMING,
            bool(present),
        )
        for run_id, verdict, accusation, baseline_id, trigger, present in Run.objects.filter(pk__in=wanted)
        .annotate(present=present)
        .values_list(*columns)
    }
    return {
        key: Listed(model_id, [runs[run_id] for run_id in run_ids if run_id in runs])
        for key, (model_id, run_ids) in latest.items()
    }


def latest_results(
    endpoint_ids: Iterable[UUID], speaking: Mapping[UUID, UUID] | None = None
) -> dict[UUID, Latest]:
    """For each endpoint its last complete run that measured something, else its last complete run.

    An endpoint that is down today keeps the verdict of yesterday, with the date of the failed attempt
    beside it. `speaking` names the run where publication has another one speak. Two queries, whose cost does
    not grow with what lies behind; endpoints without a complete run are missing.
    """
    ended = _speaking()
    endpoints = Endpoint.objects.filter(pk__in=list(endpoint_ids)).annotate(
        last=Subquery(ended[:1]),
        last_ended=Subquery(ended.values("ended")[:1]),
        measured=Subquery(_measuring(ended)[:1]),
    )
    found: dict[UUID, tuple[UUID, datetime | None]] = {}
    for key, last, moment, measured in endpoints.values_list("id", "last", "last_ended", "measured"):
        if last is not None:
            missed = moment if measured is not None and last != measured else None
            found[key] = (speaking or {}).get(key) or measured or last, missed
    runs = Run.objects.only("id", "ended", "result").in_bulk([run_id for run_id, _ in found.values()])
    return {key: Latest(runs[run_id], missed) for key, (run_id, missed) in found.items()}


def _speaking() -> QuerySet[Run, Any]:
    """Within a query of endpoints: the ids of an endpoint's runs that may speak for it, the newest first."""
    return (
        Run.objects.filter(endpoint=OuterRef("pk"), state=RunState.COMPLETE, private=False)
        .exclude(trigger=LOOK)
        .exclude(disputes__outcome=DisputeOutcome.CORRECTED)
        .order_by("-ended", "-id")
        .values("pk")
    )


def _measuring(runs: QuerySet[Run, Any]) -> QuerySet[Run, Any]:
    return runs.exclude(verdict=Verdict.NOT_MEASURED)


def snapshots() -> QuerySet[Snapshot]:
    """Every published board with its model, newest first."""
    return Snapshot.objects.select_related("model").order_by("-published", "model__org", "model__name")


def models_on_the_board() -> list[tuple[str, str]]:
    """(org, name) of every model with a published board, by name. One query."""
    names = ("model__org", "model__name")
    return list(Snapshot.objects.order_by(*names).values_list(*names))


def snapshot_of(org: str, name: str) -> Snapshot | None:
    """The published board of one model. One query."""
    return Snapshot.objects.select_related("model").filter(model__org=org, model__name=name).first()


def open_runs(model_id: UUID) -> dict[str, Run]:
    """The run under way of each endpoint of a model, by endpoint id as text. One query."""
    runs = Run.objects.filter(endpoint__model=model_id, endpoint__listed=True, state__in=OPEN, private=False)
    return {str(run.endpoint_id): run for run in runs.only("id", "endpoint_id", "state", "done", "planned")}


def endpoint(endpoint_id: UUID) -> Endpoint | None:
    """A listed endpoint with its model, provider and monitor. One query."""
    found = Endpoint.objects.select_related("model", "provider", "monitor")
    return found.filter(pk=endpoint_id, listed=True).first()


def runs_of(endpoint_id: UUID, limit: int = 20) -> list[Run]:
    """The public runs of an endpoint, those under way first, then the latest ended. One query.

    Looks are the monitor's, which tells what it made of them.
    """
    order = (F("ended").desc(nulls_first=True), "-created", "-id")
    found = Run.objects.filter(endpoint=endpoint_id, private=False).exclude(trigger=LOOK)
    return list(found.order_by(*order)[:limit])


def speaking(row: Mapping[str, Any] | None, runs: Iterable[Run]) -> Run | None:
    """The run that a row of a published board shows, from these runs or else by a query of its own."""
    run_id = ((row or {}).get("run") or {}).get("id")
    if run_id is None:
        return None
    known = next((one for one in runs if str(one.pk) == run_id), None)
    return known or Run.objects.filter(pk=run_id, private=False).first()


def findings_of(run_id: UUID) -> list[Finding]:
    """The findings of a run in the order they were made. One query."""
    return list(Finding.objects.filter(run=run_id).order_by("id"))


def run(run_id: UUID) -> Run | None:
    """A public run of a listed endpoint with everything its page names. One query."""
    return (
        Run.objects.select_related("endpoint__model", "endpoint__provider", "baseline", "evidence")
        .defer("baseline__data")
        .filter(pk=run_id, endpoint__listed=True, private=False)
        .first()
    )


def observations_of(run_id: UUID) -> QuerySet[Observation]:
    """The evidence of a run, in order of arrival."""
    return Observation.objects.filter(run=run_id).order_by("sequence", "id")


def providers() -> QuerySet[Provider]:
    """Providers that have a listed endpoint, with how many. One query."""
    return (
        Provider.objects.annotate(offers=Count("endpoints", filter=Q(endpoints__listed=True)))
        .filter(offers__gt=0)
        .order_by("name")
    )


def provider(slug: str) -> Provider | None:
    """A provider that has a listed endpoint: others are nobody's business. One query."""
    return Provider.objects.filter(slug=slug, endpoints__listed=True).distinct().first()


def rows_of(endpoint_ids: Sequence[UUID]) -> list[tuple[Snapshot, dict[str, Any]]]:
    """The published rows of these endpoints in the order asked for, each with its board. One query.

    What is not listed, or on no board yet, is missing.
    """
    asked = {str(key): place for place, key in enumerate(endpoint_ids)}
    boards = snapshots().filter(model__endpoints__in=list(endpoint_ids)).distinct()
    found = [
        (snapshot, row)
        for snapshot in boards
        for row in snapshot.board["rows"]
        if row["endpoint"]["id"] in asked
    ]
    return sorted(found, key=lambda pair: asked[pair[1]["endpoint"]["id"]])


def rows_of_provider(provider_slug: str, found: Iterable[Snapshot]) -> list[tuple[Snapshot, dict[str, Any]]]:
    """This provider's rows on these boards, each with its board."""
    return [
        (snapshot, row)
        for snapshot in found
        for row in snapshot.board["rows"]
        if row["endpoint"]["provider"]["slug"] == provider_slug
    ]
