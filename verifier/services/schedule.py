"""Measuring watched endpoints again and again, at hours that nobody foresees.

A look asks a few prompts and feeds the e-detector, which is what makes looking often cost no false alarms
(METHOD.md section 3). It decides nothing by itself. A deep run measures the endpoint as a whole and stands on
the board; one is made every week or so, whatever the looks say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from verifier import selectors
from verifier.models import LOOK, SCHEDULED, Endpoint, Run, Schedule
from verifier.services.runs import RunNotPossible, queue_run
from verifier.suites.plans import WEIGHTS

log = structlog.get_logger(__name__)

LOOK_PROMPTS = 8
LOOK_REQUESTS = LOOK_PROMPTS + 8
"""The others find out what the endpoint lets us see."""
DEEP_EVERY = timedelta(days=7)
AT_ONCE = 8
"""Runs of the schedule that may be open at a time: the rest of the queue is for those who wait for it."""
PUT_OFF = timedelta(hours=1)

LOOK_SETTINGS = {"decide_only": True, "max_requests": LOOK_REQUESTS, "plan": WEIGHTS}


@dataclass(frozen=True, slots=True)
class Started:
    """How many looks and deep runs were queued, and how many had to be put off."""

    looks: int = 0
    deep: int = 0
    put_off: int = 0


def look_every() -> timedelta:
    """The mean time between two looks, so that MONITOR_PROBES_PER_DAY prompts a day are asked."""
    return timedelta(days=LOOK_PROMPTS / settings.MONITOR_PROBES_PER_DAY)


def watch(endpoint: Endpoint, *, draw: random.Random | None = None) -> Schedule:
    """Have this endpoint measured from now on. One that is watched already keeps its hours."""
    draw, now = draw or random.SystemRandom(), timezone.now()
    due = {"look_due": _next(now, look_every(), draw), "deep_due": _next(now, DEEP_EVERY, draw)}
    return Schedule.objects.get_or_create(endpoint=endpoint, defaults=due)[0]


def unwatch(endpoint: Endpoint) -> None:
    """Measure it no longer. What its monitor has seen stays."""
    Schedule.objects.filter(endpoint=endpoint).delete()


def start_due(*, now: datetime | None = None, draw: random.Random | None = None) -> Started:
    """Queue what is due, the longest due first, and draw when each is due again.

    An endpoint with an open run waits for its end. Called by any number of processes, each is queued once.
    """
    draw, now = draw or random.SystemRandom(), now or timezone.now()
    room = (
        AT_ONCE - Run.objects.filter(trigger__in=(LOOK, SCHEDULED), state__in=selectors.OPEN_STATES).count()
    )
    looks = deep = put_off = 0
    for schedule in _due(now)[: max(0, room)]:
        whole = schedule.deep_due <= now
        if not _taken(schedule, now, draw, whole):
            continue
        try:
            queue_run(
                schedule.endpoint,
                settings=None if whole else LOOK_SETTINGS,
                trigger=SCHEDULED if whole else LOOK,
            )
        except RunNotPossible as error:
            again = {"deep_due" if whole else "look_due": now + PUT_OFF}
            Schedule.objects.filter(pk=schedule.pk).update(put_off=str(error)[:300], **again)
            log.warning("put off", endpoint=str(schedule.endpoint_id), reason=str(error))
            put_off += 1
            continue
        deep, looks = deep + whole, looks + (not whole)
    if looks or deep:
        log.info("schedule", looks=looks, deep=deep, put_off=put_off)
    return Started(looks, deep, put_off)


def _due(now: datetime) -> list[Schedule]:
    idle = ~Q(endpoint__runs__state__in=selectors.OPEN_STATES)
    found = Schedule.objects.select_related("endpoint__model").filter(
        Q(look_due__lte=now) | Q(deep_due__lte=now), idle
    )
    return sorted(found, key=lambda one: (min(one.look_due, one.deep_due), one.pk))


def _taken(schedule: Schedule, now: datetime, draw: random.Random, whole: bool) -> bool:
    """Draw the next hours; False where another process did so just now. A deep run is a look as well."""
    known = {"look_due": schedule.look_due, "deep_due": schedule.deep_due}
    then = {"look_due": _next(now, look_every(), draw)}
    if whole:
        then["deep_due"] = _next(now, DEEP_EVERY, draw)
    return bool(Schedule.objects.filter(pk=schedule.pk, **known).update(put_off="", **then))


def _next(now: datetime, mean: timedelta, draw: random.Random) -> datetime:
    return now + mean * draw.uniform(0.5, 1.5)
