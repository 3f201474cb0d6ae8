"""From a run and what was published of it to what the API serves of it. Pure: data in, JSON-ready data out.

A run keeps its address for ever. Where it accuses and that was never published, it is served as the board
shows it, undecided: its numbers stay, its verdict and what explains it do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard import publication, withholding
from leaderboard.documents import API
from verifier.scoring import policy

AWAITING = "What this check says is told once an independent run confirms it."
UNDECIDED = {"fail": "inconclusive", "warn": "inconclusive"}
"""Outcomes that accuse, as they are told while the accusation is not published."""

LEFT_OUT = ("findings", "endpoint", "model")
"""Keys of a result that have an address of their own here."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was published with a run: the verdicts it was published with, the document of its endpoint now."""

    verdicts: frozenset[str]
    endpoint: Mapping[str, Any] | None

    def speaks(self, run_id: str) -> bool:
        """Whether this run is the one that speaks for its endpoint now."""
        return ((self.endpoint or {}).get("run") or {}).get("id") == run_id

    def silent(self, verdict: str) -> bool:
        """Whether a run with this verdict accuses although no accusation of it was ever published."""
        return verdict in policy.ACCUSING and not self.verdicts & policy.ACCUSING


def document(run: Mapping[str, Any], published: Published) -> dict[str, Any]:
    """One run. `run` has its columns, with `model` (`org/name`), `endpoint` (its id) and times as text."""
    address = f"{API}/runs/{run['id']}"
    result, spoke = run["result"], bool(published.verdicts)
    if result is not None and published.silent(run["verdict"]):
        result = publication.shown(result, _awaits(run, published))
    newer = (published.endpoint or {}).get("run")
    superseded = spoke and newer is not None and not published.speaks(run["id"])
    return {
        "id": run["id"],
        "endpoint": run["endpoint"],
        "model": run["model"],
        "state": run["state"],
        "trigger": run["trigger"],
        "created": run["created"],
        "started": run["started"],
        "ended": run["ended"],
        "progress": {"done": run["done"], "planned": run["planned"] or None},
        "verdict": None if result is None else result.get("verdict"),
        "published": spoke,
        "superseded_by": newer["id"] if superseded and newer is not None else None,
        "versions": None if result is None else result.get("versions"),
        "result": None
        if result is None
        else {key: value for key, value in result.items() if key not in LEFT_OUT},
        "links": {
            "self": address,
            "page": f"/runs/{run['id']}/",
            "findings": f"{address}/findings",
            "endpoint": f"{API}/endpoints/{run['endpoint']}",
        },
    }


def finding(found: Mapping[str, Any], silent: bool, is_public: Callable[[str], bool]) -> dict[str, Any]:
    """One finding. `silent`: of a run whose accusation is not published. `is_public`: of a prompt's text.

    The texts of hidden prompts and of the tokens after them are left out: they are of use only while nobody
    knows them.
    """
    outcome, details = str(found["outcome"]), found["details"]
    hushed = silent and outcome in UNDECIDED
    shown = {key: value for key, value in details.items() if key != "most_divergent"}
    contexts = [_context(one, is_public) for one in details.get("most_divergent") or ()]
    return {
        "check": found["check"],
        "version": found["version"],
        "outcome": UNDECIDED[outcome] if hushed else outcome,
        "cause": AWAITING if silent else found["cause"],
        "estimate": found["estimate"],
        "low": found["low"],
        "high": found["high"],
        "n": found["n"],
        "unit": found["unit"],
        "details": {} if silent else {**shown, **({"most_divergent": contexts} if contexts else {})},
    }


def _context(context: Mapping[str, Any], is_public: Callable[[str], bool]) -> dict[str, Any]:
    if is_public(str(context.get("prompt") or "")):
        return {**context, "hidden": False}
    return {**withholding.context(context), "hidden": True}


def _awaits(run: Mapping[str, Any], published: Published) -> dict[str, Any]:
    known = (published.endpoint or {}).get("awaits")
    if known and published.speaks(run["id"]):
        return dict(known)
    return {"e_value": run["accusation"], "needed": None, "among": None}
