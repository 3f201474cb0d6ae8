"""How one endpoint moved: its runs over time, and what happened between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard import selectors
from leaderboard.certification import Reason, State
from leaderboard.charts_timeline import Event, Point, Timeline, apart, timeline
from leaderboard.models import Certificate
from leaderboard.pages import numbers, words
from verifier.models import Monitor, Run, RunState

SHORT = {Reason.RENEWED: noop("renewed"), Reason.CLEARED: noop("cleared")}
"""Steps of a certificate that are named by their reason, since they lead back to where it was."""


@dataclass(frozen=True, slots=True)
class Course:
    """The picture, and its events in sentences, oldest first."""

    picture: Timeline
    events: tuple[Event, ...]


def course(runs: Sequence[Run], band: float | None, monitor: Monitor | None) -> Course | None:
    """What became of an endpoint over these runs (newest first). None for fewer than two with a fidelity.

    Two queries, for its certificates, and only where there is something to show.
    """
    shown = [
        (run, point)
        for run in reversed(runs)
        if run.state == RunState.COMPLETE and (point := _point(run)) is not None
    ]
    if len(shown) < 2:
        return None
    ended, points = [run for run, _ in shown], [point for _, point in shown]
    certificates = selectors.certificates_of(ended[0].endpoint_id)
    events = [*_moves(points), *_suites(ended), *_certified(certificates, points[0].when)]
    if monitor is not None and monitor.alarmed is not None and monitor.alarmed >= points[0].when:
        said = gettext(
            "The monitor gave an alarm; it has the endpoint measured once more and changes no verdict."
        )
        events.append(Event(monitor.alarmed, gettext("alarm"), said))
    events.sort(key=lambda event: event.when)
    picture = timeline(points, events, band)
    return None if picture is None else Course(picture, tuple(events))


def _point(run: Run) -> Point | None:
    value, low, high = run.fidelity, run.fidelity_low, run.fidelity_high
    if run.ended is None or value is None or low is None or high is None:
        return None
    term = words.verdict(run.verdict)
    figures = f"{numbers.estimate(value, low, high)} ({numbers.interval(low, high)})"
    said = f"{figures}, {run.ended:%Y-%m-%d %H:%M} UTC: {term.word}"
    return Point(run.ended, value, low, high, str(run.pk), term.tone, said)


def _moves(points: Sequence[Point]) -> list[Event]:
    """Where two runs in a row have intervals with nothing in common."""
    return [
        Event(
            later.when,
            gettext("moved down") if later.value < earlier.value else gettext("moved up"),
            gettext(
                "The interval of this run (%(later)s) has nothing in common with that of the run before it "
                "(%(earlier)s)."
            )
            % {
                "later": numbers.interval(later.low, later.high),
                "earlier": numbers.interval(earlier.low, earlier.high),
            },
        )
        for earlier, later in pairwise(points)
        if apart((earlier.low, earlier.high), (later.low, later.high))
    ]


def _suites(runs: Sequence[Run]) -> list[Event]:
    """Where the suite is another one than that of the run before."""
    asked = [(run.ended, str(((run.result or {}).get("versions") or {}).get("suite") or "")) for run in runs]
    named = [(when, suite.split(" sha256:")[0]) for when, suite in asked if when is not None and suite]
    return [
        Event(
            when,
            suite,
            gettext("Asked with the suite %(suite)s; before with %(before)s.")
            % {"suite": suite, "before": before},
        )
        for (_, before), (when, suite) in pairwise(named)
        if suite != before
    ]


def _certified(certificates: Sequence[Certificate], since: datetime) -> list[Event]:
    """The steps of its certificates since the first run shown."""
    return [
        Event(
            step.happened,
            gettext(SHORT.get(Reason(step.reason), words.certificate(step.now))),
            gettext("Certificate %(state)s: %(why)s")
            % {"state": words.certificate(step.now), "why": step.said},
        )
        for certificate in certificates
        for step in certificate.steps.all()
        if step.now != State.PENDING and step.happened >= since
    ]
