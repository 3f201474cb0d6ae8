"""What the page of a run tells while it goes on: how the evidence grows, and how long it may still take."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from leaderboard import charts_course
from leaderboard.pages import numbers
from verifier.checks.session import Settings
from verifier.models import Run

ENOUGH = 10
"""Requests answered before their pace says anything."""


def growing(run: Run) -> dict[str, Any]:
    """The picture of the evidence, and its numbers beside what is enough; nothing before any is weighed."""
    settings = Settings(**run.settings)
    clear_at = 1 / settings.alpha
    accuse_at = max(clear_at, settings.accuse_at or 0.0)
    readings = [(done, deviation, faithfulness) for done, deviation, faithfulness in run.course]
    course = charts_course.course(readings, run.planned, (accuse_at, clear_at))
    if course is None:
        return {}
    _, deviation, faithfulness = course.latest
    return {
        "course": course,
        "weighing": {
            "deviation": numbers.evidence(deviation),
            "faithfulness": numbers.evidence(faithfulness),
            "accuse_at": numbers.evidence(accuse_at),
            "clear_at": numbers.evidence(clear_at),
        },
    }


def time_left(run: Run, now: datetime) -> str:
    """How long the rest may take at the pace so far, in words; "" while that is not known."""
    if run.started is None or run.done < ENOUGH or run.planned <= run.done:
        return ""
    left = (now - run.started) / run.done * (run.planned - run.done)
    if left < timedelta(minutes=1):
        return gettext("less than a minute left")
    minutes = round(left / timedelta(minutes=1))
    said = gettext("about %(minutes)s min left, or less if the evidence decides sooner")
    return said % {"minutes": minutes}
