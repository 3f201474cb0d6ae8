"""How a run's evidence weighs: every kind of e-value beside what it takes, on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leaderboard import charts
from leaderboard.pages import numbers
from verifier.models import Monitor
from verifier.stats.decision import WEIGHTS
from verifier.stats.e_detector import EDetector

ACCUSING: Mapping[str, tuple[str, str]] = {
    "distribution": ("Next-token lists", "further off than the honest band reaches"),
    "choice": ("Greedy choices", "not the likeliest of the list that came with them"),
    "sampling": ("Sampled tokens", "not spread as the list that came with them says"),
    "written": ("Written tokens", "further from the official weights' choice than the honest band reaches"),
    "window": ("Long prompts", "further off than their own honest band reaches"),
}
CLEARING: Mapping[str, tuple[str, str]] = {
    "faithful_bulk": ("Within the band, on the whole", "the mean deviation is smaller than the band allows"),
    "faithful_tail": (
        "Within the band, nearly everywhere",
        "few prompts deviate as a known degradation does",
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
    claim, now = "their weighted mean", found.get("accusation_now")
    if now is not None and numbers.evidence(now) != numbers.evidence(found["accusation"]):
        claim += f", at its height; {numbers.evidence(now)} at the end"
    total = _weighed("Together", found["accusation"], accuse_at, "deviating", claim)
    return (
        Question("For a deviation", numbers.evidence(accuse_at), total, accusing),
        Question("For faithfulness", numbers.evidence(1 / alpha), None, clearing),
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
    noun = "prompt" if detector.n == 1 else "prompts"
    said = (
        f"Watched for a change since {since}, over {numbers.whole(detector.n)} {noun}: the evidence of one "
        f"stands at {numbers.evidence(detector.statistic)}, and {numbers.evidence(detector.threshold)} gives "
        "an alarm, which has the endpoint measured once more and changes no verdict by itself."
    )
    if not monitor.alarms:
        return said
    times = "once" if monitor.alarms == 1 else f"{numbers.whole(monitor.alarms)} times"
    return f"{said} It gave one {times}, last on {_day(monitor.alarmed)}."


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%d %B %Y}".lstrip("0")


def _weighed(name: str, value: float, needed: float, tone: str, claim: str, weight: str = "") -> Weighed:
    reached = tone if value >= needed else "quiet"
    return Weighed(name, claim, weight, numbers.evidence(value), charts.strip(value, needed), reached)
