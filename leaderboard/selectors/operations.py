"""Whether the service works, and the counts that its operator watches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Avg, Count, F, Min, Sum
from django.utils import timezone

from leaderboard.documents import NOT_YET
from leaderboard.models import Certificate, EvidenceBundle, LogEntry, PublishedEndpoint
from leaderboard.selectors.boards import OPEN
from leaderboard.selectors.dumps import latest_dump
from leaderboard.selectors.evidence import runs_without_evidence
from leaderboard.selectors.figures import Figure, Spread
from leaderboard.selectors.usage import usage
from verifier.models import SWEEP, Baseline, Monitor, Pulse, Run, RunState
from verifier.services.doorbell import calls_waiting

ALIVE = timedelta(seconds=90)
"""How long ago the last sweep may be; one is due every ten seconds."""
DAY = timedelta(days=1)
MOST_MISSING = 100


@dataclass(frozen=True, slots=True)
class Health:
    """What each part says: `ok`, or what is wrong with it."""

    database: str
    broker: str
    beat: str

    @property
    def ready(self) -> bool:
        """Whether all of it works."""
        return {self.database, self.broker, self.beat} == {"ok"}


def health() -> Health:
    """Asks each part. Two queries."""
    broker = "ok" if calls_waiting() is not None else "not reached"
    try:
        age = sweep_age()
    except DatabaseError as error:
        return Health(f"not reached ({type(error).__name__})", broker, "unknown")
    if age is None:
        return Health("ok", broker, "never swept: start a worker and beat")
    late = age > ALIVE.total_seconds()
    return Health("ok", broker, f"last sweep {age:.0f} s ago" if late else "ok")


def sweep_age() -> float | None:
    """Seconds since a worker last swept; None where none ever did. One query."""
    at = Pulse.objects.filter(name=SWEEP).values_list("at", flat=True).first()
    return None if at is None else _age(at)


def figures() -> Iterator[Figure | Spread]:
    """Every figure, from the database and Redis alone: whichever process is asked says the same."""
    yield from _queue()
    yield from _outcomes()
    yield from _published()
    yield from _evidence()
    yield from usage()
    if (age := sweep_age()) is not None:
        yield Figure("assay_sweep_age_seconds", "gauge", "Since a worker last swept.", age)
    waiting = calls_waiting()
    yield Figure("assay_broker_up", "gauge", "Whether the broker answers.", float(waiting is not None))
    if waiting is not None:
        yield Figure("assay_calls_waiting", "gauge", "Calls that no worker has taken yet.", waiting)


def _queue() -> Iterator[Figure]:
    waiting = Run.objects.filter(state__in=OPEN).order_by()
    counts = dict(waiting.values_list("state").annotate(Count("id")))
    for state in OPEN:
        labels = (("state", str(state)),)
        yield Figure("assay_open_runs", "gauge", "Runs that wait or run.", counts.get(state, 0), labels)
    oldest = waiting.filter(state=RunState.QUEUED).aggregate(oldest=Min("created"))["oldest"]
    yield Figure("assay_oldest_queued_seconds", "gauge", "How long the oldest run waits.", _age(oldest))


def _outcomes() -> Iterator[Figure]:
    ended = Run.objects.exclude(ended=None).order_by()
    for state, verdict, count in ended.values_list("state", "verdict").annotate(Count("id")):
        labels = (("state", state), ("verdict", verdict))
        yield Figure("assay_runs_total", "counter", "Runs that ended.", count, labels)
    day = ended.filter(ended__gte=timezone.now() - DAY, state=RunState.COMPLETE)
    took = day.aggregate(took=Avg(F("ended") - F("started")))["took"]
    if took is not None:
        said = "Mean length of the complete runs of the last day."
        yield Figure("assay_run_seconds_mean", "gauge", said, took.total_seconds())
    alarms = Monitor.objects.aggregate(alarms=Sum("alarms"))["alarms"] or 0
    yield Figure("assay_alarms_total", "counter", "Alarms of the monitors.", alarms)


def _published() -> Iterator[Figure]:
    listed = PublishedEndpoint.objects.order_by().values_list("verdict").annotate(Count("pk"))
    for verdict, count in listed:
        labels = (("verdict", verdict or NOT_YET),)
        yield Figure("assay_endpoints", "gauge", "Listed endpoints.", count, labels)
    for state, count in Certificate.objects.order_by().values_list("state").annotate(Count("pk")):
        yield Figure("assay_certificates", "gauge", "Certificates.", count, (("state", state),))
    for state, count in Baseline.objects.order_by().values_list("state").annotate(Count("pk")):
        yield Figure("assay_baselines", "gauge", "Baselines.", count, (("state", state),))


def _evidence() -> Iterator[Figure]:
    yield Figure("assay_log_entries_total", "counter", "Entries of the log.", LogEntry.objects.count())
    yield Figure("assay_evidence_bundles", "gauge", "Bundles kept.", EvidenceBundle.objects.count())
    missing = len(runs_without_evidence(MOST_MISSING))
    said = f"Complete runs without a bundle; {MOST_MISSING}: so many or more."
    yield Figure("assay_evidence_missing", "gauge", said, missing)
    if (dump := latest_dump()) is not None:
        yield Figure("assay_dump_age_seconds", "gauge", "Since the dump was made.", _age(dump.made))


def _age(moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (timezone.now() - moment).total_seconds())
