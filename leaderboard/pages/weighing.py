"""How a run's evidence weighs: every kind of e-value beside what it takes, on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import date as date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_noop as noop

from leaderboard import charts
from leaderboard.pages import numbers
from verifier.models import Monitor
from verifier.stats.decision import WEIGHTS
from verifier.stats.e_detector import EDetector

ACCUSING: Mapping[str, tuple[str, str]] = {
    "distribution": (noop("Next-token lists"), noop("further off than the honest band reaches")),
    "choice": (noop("Greedy choices"), noop("not the likeliest of the list that came with them")),
    "sampling": (noop("Sampled tokens"), noop("not spread as the list that came with them says")),
    "written": (
        noop("Written tokens"),
        noop("further from the official weights' choice than the honest band reaches"),
    ),
    "window": (noop("Long prompts"), noop("further off than their own honest band reaches")),
}
CLEARING: Mapping[str, tuple[str, str]] = {
    "faithful_bulk": (
        noop("Within the band, on the whole"),
        noop("the mean deviation is smaller than the band allows"),
    ),
    "faithful_tail": (
        noop("Within the band, nearly everywhere"),
        noop("few prompts deviate as a known degradation does"),
    ),
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """One kind of evidence: `weight` is its share of the sum, `strip` its place on the scale."""

    name: str
    claim: str
    weight: str
    value: str
    strip: charts.Strip
    tone: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the evidence is about, what it takes, the sum that counts, and the parts of it."""

    title: str
    needed: str
    total: Weighed | None
    parts: tuple[Weighed, ...]


def questions(result: Mapping[str, Any]) -> tuple[Question, ...]:
    """The two sides of a result that weighed evidence; none without e-values."""
    found: Mapping[str, float] = result.get("e_values") or {}
    alpha = result.get("alpha")
    if not alpha or "accusation" not in found:
        return ()
    accuse_at = max(1 / alpha, result.get("accuse_at") or 0.0)
    accusing = tuple(
        _weighed(name, found[key], accuse_at, "deviating", claim, numbers.percent(WEIGHTS[key]))
        for key, (name, claim) in ACCUSING.items()
        if key in found
    )
    clearing = tuple(
        _weighed(name, found[key], 1 / alpha, "faithful", claim)
        for key, (name, claim) in CLEARING.items()
        if key in found
    )
    claim, now = gettext("their weighted mean"), found.get("accusation_now")
    if now is not None and numbers.evidence(now) != numbers.evidence(found["accusation"]):
        claim = gettext("their weighted mean, at its height; %(now)s at the end") % {
            "now": numbers.evidence(now)
        }
    total = _weighed(gettext("Together"), found["accusation"], accuse_at, "deviating", claim)
    return (
        Question(gettext("For a deviation"), numbers.evidence(accuse_at), total, accusing),
        Question(gettext("For faithfulness"), numbers.evidence(1 / alpha), None, clearing),
    )


def watched(monitor: Monitor | None) -> str:
    """What the detector of an endpoint says, in a sentence; empty where none can be read."""
    if monitor is None:
        return ""
    try:
        detector = EDetector.from_state(monitor.state)
    except ValueError:
        return ""
    since = _day(monitor.started)
    said = ngettext(
        "Watched for a change since %(since)s, over %(n)s prompt: the evidence of one stands at "
        "%(evidence)s, and %(threshold)s gives an alarm, which has the endpoint measured once more and "
        "changes no verdict by itself.",
        "Watched for a change since %(since)s, over %(n)s prompts: the evidence of one stands at "
        "%(evidence)s, and %(threshold)s gives an alarm, which has the endpoint measured once more and "
        "changes no verdict by itself.",
        detector.n,
    ) % {
        "since": since,
        "n": numbers.whole(detector.n),
        "evidence": numbers.evidence(detector.statistic),
        "threshold": numbers.evidence(detector.threshold),
    }
    if not monitor.alarms:
        return said
    gave = ngettext(
        "It gave one once, last on %(day)s.", "It gave one %(times)s times, last on %(day)s.", monitor.alarms
    ) % {"times": numbers.whole(monitor.alarms), "day": _day(monitor.alarmed)}
    return f"{said} {gave}"


def _day(moment: datetime | None) -> str:
    return "" if moment is None else date_format(moment, pgettext("date format", "j F Y"))


def _weighed(name: str, value: float, needed: float, tone: str, claim: str, weight: str = "") -> Weighed:
    reached = tone if value >= needed else "quiet"
    return Weighed(
        gettext(name), gettext(claim), weight, numbers.evidence(value), charts.strip(value, needed), reached
    )
