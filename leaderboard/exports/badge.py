"""What a badge says: the current state and its age, in a few words and a tone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leaderboard.exports.routing import age_days
from leaderboard.exports.table import Document

STALE_DAYS = 30
"""From this age on a badge says that it is old."""

_ENDING = ("watch", "suspended", "revoked", "expired")
TONES = {
    "faithful": "good",
    "deviating": "bad",
    "different-model": "bad",
    "suspended": "bad",
    "revoked": "bad",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """`tone`: good, bad or quiet."""

    label: str
    message: str
    tone: str

    @property
    def text(self) -> str:
        """The whole of it as a sentence for those who don't see it."""
        return f"{self.label}: {self.message}"


def badge(document: Document, now: datetime) -> Badge:
    """The badge of an endpoint. A certificate that is doubted or over is told before the verdict."""
    label = "assay control" if document["control"] else "assay"
    verdict, certificate = document["verdict"], (document["certificate"] or {}).get("state")
    if verdict is None:
        return Badge(label, "not yet measured", "quiet")
    state = certificate if certificate in (*_ENDING, "certified") else verdict
    said = str(state).replace("-", " ")
    if state == "certified" and verdict != "faithful":
        state = verdict
        said = f"certified, {verdict}".replace("-", " ")
    fidelity = (document["fidelity"] or {}).get("value")
    parts = [said, *([f"fidelity {fidelity:.1f}"] if fidelity is not None else []), _age(document, now)]
    old = (age_days(document, now) or 0) >= STALE_DAYS
    tone = TONES.get(str(state), "good" if state == "certified" else "quiet")
    return Badge(label, " · ".join(parts), "quiet" if old and tone == "good" else tone)


def _age(document: Document, now: datetime) -> str:
    days = age_days(document, now)
    if days is None:
        return "never measured"
    said = "today" if days == 0 else f"{days} day{'s' if days > 1 else ''} ago"
    return f"stale, {said}" if days >= STALE_DAYS else said
