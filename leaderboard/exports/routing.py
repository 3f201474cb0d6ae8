"""What the router configurations share: the order of preference, and the state and age of each endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leaderboard.exports.table import Document
from verifier.scoring import policy

GRADES = ("A+", "A", "B", "C", "D", "F", None)


def preferred(documents: Sequence[Document]) -> list[Document]:
    """The certified first, then by grade, fidelity and price."""
    return sorted(documents, key=_preference)


def accused(documents: Sequence[Document]) -> list[Document]:
    """Those whose published verdict says that they do not serve the released weights; controls left out."""
    return [one for one in documents if one["verdict"] in policy.ACCUSING and not one["control"]]


def slug(document: Document) -> str:
    """`provider` or `provider/variant`, as routers name offers."""
    provider, variant = str(document["provider"]["slug"]), document["variant"]
    return f"{provider}/{variant}" if variant else provider


def told(documents: Sequence[Document], now: datetime) -> list[dict[str, Any]]:
    """State and age of each endpoint: what a configuration rests on."""
    return [
        {
            "slug": slug(one),
            "id": one["id"],
            "control": one["control"],
            "verdict": one["verdict"],
            "grade": one["grade"],
            "fidelity": (one["fidelity"] or {}).get("value"),
            "declared": one["declaration"]["declared"],
            "measured": one["declaration"]["measured"],
            "certificate": (one["certificate"] or {}).get("state"),
            "measured_at": (one["run"] or {}).get("ended"),
            "age_days": age_days(one, now),
            "url": one["links"]["self"],
        }
        for one in documents
    ]


def age_days(document: Document, now: datetime) -> int | None:
    """Whole days since the run ended that speaks; None where none has."""
    ended = (document["run"] or {}).get("ended")
    return None if ended is None else max(0, (now - datetime.fromisoformat(ended)).days)


def unique(names: Sequence[str]) -> list[str]:
    """Each once, in this order."""
    return list(dict.fromkeys(names))


def _preference(document: Mapping[str, Any]) -> tuple[Any, ...]:
    price = document["price"]["output"]
    return (
        (document["certificate"] or {}).get("state") != "certified",
        GRADES.index(document["grade"]) if document["grade"] in GRADES else len(GRADES),
        -((document["fidelity"] or {}).get("value") or 0.0),
        float("inf") if price is None else price,
        document["id"],
    )
