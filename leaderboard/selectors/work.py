"""How our own work goes: the queue, and what became of the latest runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, F, Max
from django.utils import timezone

from leaderboard.models import Snapshot
from verifier.models import Run, RunState

DAYS = 30
"""How far back the counts go."""
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Work:
    """Counts of public runs, and the latest of them; `took` is the mean length of the complete ones."""

    queued: int
    running: int
    oldest_waiting: datetime | None
    complete: int
    failed: int
    cancelled: int
    took: timedelta | None
    last_ended: datetime | None
    published: datetime | None
    open: list[Run]
    latest: list[Run]
    days: int

    @property
    def done_share(self) -> float | None:
        """The share of runs that ended by themselves and did not fail on our side."""
        ended = self.complete + self.failed
        return self.complete / ended if ended else None


def work(now: datetime | None = None) -> Work:
    """What waits, runs and ended within 30 days. Five queries."""
    public = Run.objects.filter(endpoint__listed=True, private=False)
    since = (now or timezone.now()) - timedelta(days=DAYS)
    ended = public.filter(ended__gte=since)
    counts = dict(ended.order_by().values_list("state").annotate(Count("id")))
    length = ended.filter(state=RunState.COMPLETE).aggregate(
        took=Avg(F("ended") - F("started")), last=Max("ended")
    )
    waiting = public.filter(state__in=(RunState.QUEUED, RunState.RUNNING)).select_related("endpoint__model")
    at_work = list(waiting.order_by("created")[:200])
    return Work(
        queued=sum(run.state == RunState.QUEUED for run in at_work),
        running=sum(run.state == RunState.RUNNING for run in at_work),
        oldest_waiting=min((run.created for run in at_work if run.state == RunState.QUEUED), default=None),
        complete=counts.get(RunState.COMPLETE, 0),
        failed=counts.get(RunState.FAILED, 0),
        cancelled=counts.get(RunState.CANCELLED, 0),
        took=length["took"],
        last_ended=length["last"],
        published=Snapshot.objects.aggregate(last=Max("published"))["last"],
        open=at_work[:SHOWN],
        latest=list(
            ended.select_related("endpoint__model").defer("result", "settings").order_by("-ended")[:SHOWN]
        ),
        days=DAYS,
    )


def newest_year() -> int:
    """The year of the latest publication, for citations; this year before the first one."""
    last: datetime | None = Snapshot.objects.aggregate(last=Max("published"))["last"]
    return (last or timezone.now()).year
