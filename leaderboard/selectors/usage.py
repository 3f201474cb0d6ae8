"""What was asked, what it cost and how long it took, for the metrics.

Tokens, money and the lengths of runs are read from rows that are never deleted, so they only grow. What no
row holds is counted by every process in Redis (verifier.services.tallies).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from leaderboard.selectors.figures import Figure, Spread
from verifier.client.egress import Refusal
from verifier.models import WATCHING, Baseline, Run
from verifier.services.registry import EGRESS_REFUSED
from verifier.services.spending import ENDPOINT_SECONDS, Asked
from verifier.services.tallies import Tallied, Timing, flush, tallied

PAGE_SECONDS = Timing(
    "assay_page_seconds",
    "How long requests to this site took until the answer began.",
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
TIMINGS = (ENDPOINT_SECONDS, PAGE_SECONDS)
RUN_EDGES = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0)


def usage() -> Iterator[Figure | Spread]:
    """Tokens, money, lengths of runs, requests and refusals. Four queries, and one question to Redis."""
    runs = Run.objects.order_by()
    watching = Q(trigger__in=WATCHING)
    yield from _spending(Asked.RUNS, runs.exclude(watching))
    yield from _spending(Asked.MONITORING, runs.filter(watching))
    yield from _tokens(Asked.REFERENCE, Baseline.objects.aggregate(**_SUMS))
    yield from _lengths(runs)
    flush()
    if (counted := tallied()) is not None:
        yield from _tallies(counted)


_SUMS = {"prompt": Sum("prompt_tokens"), "completion": Sum("completion_tokens")}


def _spending(asked: Asked, runs: QuerySet[Run]) -> Iterator[Figure]:
    sums = runs.aggregate(**_SUMS, money=Sum("spent"))
    said = "US dollars for the tokens of runs, at the prices that were listed, whoever paid."
    money = sums.pop("money") or 0.0
    yield Figure("assay_spent_dollars_total", "counter", said, money, (("asked", asked),))
    yield from _tokens(asked, sums)


def _tokens(asked: Asked, sums: dict[str, int | None]) -> Iterator[Figure]:
    for kind, count in sums.items():
        labels = (("asked", str(asked)), ("kind", kind))
        yield Figure("assay_tokens_total", "counter", "Tokens, as answers count them.", count or 0, labels)


def _lengths(runs: QuerySet[Run]) -> Iterator[Spread]:
    """From the first time that a worker took a run up until its end, by the state that it ended in."""
    counts = {
        f"edge{number}": Count("id", filter=Q(took__lte=timedelta(seconds=edge)))
        for number, edge in enumerate(RUN_EDGES)
    }
    ended = runs.exclude(ended=None).exclude(started=None).annotate(took=F("ended") - F("started"))
    said = "How long runs took, from when a worker first took them up until they ended."
    rows: Iterable[Any] = ended.values("state").annotate(**counts, all=Count("id"), length=Sum("took"))
    for row in rows:
        found = (*(row[name] for name in counts), row["all"])
        seconds = row["length"].total_seconds()
        yield Spread("assay_run_seconds", said, RUN_EDGES, found, seconds, (("state", row["state"]),))


def _tallies(counted: Tallied) -> Iterator[Figure | Spread]:
    refused = counted.counts(EGRESS_REFUSED)
    for reason in Refusal:
        label = (("reason", str(reason)),)
        count = refused.get(label, 0)
        yield Figure(EGRESS_REFUSED.name, "counter", EGRESS_REFUSED.said, count, label)
    for timing in TIMINGS:
        for labels, lengths in counted.lengths(timing).items():
            yield Spread(timing.name, timing.said, timing.edges, lengths.counts, lengths.seconds, labels)
