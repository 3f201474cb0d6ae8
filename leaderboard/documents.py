"""From a published board to what the API serves of it. Pure: data in, JSON-ready data out.

A document holds only what is published, so an accusation that awaits confirmation is not in it
(`publication.shown` has been there before). Links are relative references: the same on every host. The rank
is told by the leaderboard alone, so that another endpoint's verdict changes nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

API = "/api/v1"

VERSION = 1
"""Of the shape of these documents: goes up with every change of it, so that nobody keeps the former."""

NOT_YET = "not-yet-measured"
VERDICTS = (
    "faithful",
    "deviating",
    "different-model",
    "inconclusive",
    "insufficient-access",
    "not-measured",
    NOT_YET,
)
"""The order in which endpoints are counted."""

KEPT = (
    "verdict", "grade", "fidelity", "declaration", "evidence_level", "cause", "certificate", "versions",
)  # fmt: skip
"""What an entry of the history keeps of an endpoint's document."""


def endpoint(model: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """One endpoint. `model` is that of a board, `row` one of its rows, as `leaderboard.boards` makes them."""
    offer, result, run = row["endpoint"], row["result"] or {}, row["run"]
    address = f"{API}/endpoints/{offer['id']}"
    declaration = result.get("declaration") or {}
    return {
        "id": offer["id"],
        "label": offer["label"],
        "what": offer["what"],
        "model": f"{model['org']}/{model['name']}",
        "provider": dict(offer["provider"]),
        "variant": offer["variant"],
        "control": offer["control"],
        "base_url": offer["base_url"],
        "upstream_model": offer["upstream_model"],
        "region": offer["region"],
        "price": {"input": offer["price_in"], "output": offer["price_out"]},
        "verdict": result.get("verdict"),
        "awaits": result.get("awaits"),
        "grade": (result.get("grade") or {}).get("letter"),
        "fidelity": _fidelity(result),
        "honest_band": result.get("honest_band"),
        "agreement": result.get("agreement"),
        "evidence_level": result.get("evidence_level"),
        "declaration": {
            "declared": declaration.get("declared") or offer["declared"],
            "measured": declaration.get("measured"),
            "state": declaration.get("state") or "unknown",
        },
        "cause": result.get("cause"),
        "fingerprint": result.get("fingerprint"),
        "nearest": row["nearest"],
        "excludes": result.get("excludes"),
        "e_value": result.get("e_value"),
        "tools": row["tools"],
        "speed": {"first_token_ms": (result.get("speed") or {}).get("first_token_ms")},
        "tokens": {"decision": result.get("decision_tokens"), "completion": result.get("completion_tokens")},
        "certificate": offer.get("certificate"),
        "run": None if run is None else {**run, "url": f"{API}/runs/{run['id']}"},
        "missed": row["missed"],
        "versions": result.get("versions"),
        "baseline": result.get("baseline"),
        "links": {
            "self": address,
            "page": f"/endpoints/{offer['id']}/",
            "history": f"{address}/history",
            "badge": f"{address}/badge.svg",
            "model": f"{API}/models/{model['org']}/{model['name']}",
            "provider": f"{API}/providers/{offer['provider']['slug']}",
        },
    }


def summary(board: Mapping[str, Any]) -> dict[str, Any]:
    """The model of a board: what it is, how its endpoints fare, what they are measured against."""
    model = board["model"]
    address = f"{API}/models/{model['org']}/{model['name']}"
    return {
        "id": model["id"],
        "name": f"{model['org']}/{model['name']}",
        "precision": model["precision"],
        "licence": model["licence"],
        "url": model["url"],
        "endpoints": len(board["rows"]),
        "verdicts": verdicts((row["result"] or {}).get("verdict") for row in board["rows"]),
        "terms": board["terms"],
        "honest_band": board["honest_band"],
        "ladder": list(board["rungs"]),
        "suite": board["suite"],
        "baseline": board["baseline"],
        "links": {
            "self": address,
            "page": f"/models/{model['org']}/{model['name']}/",
            "leaderboard": f"{address}/leaderboard",
            "endpoints": f"{API}/endpoints?model={model['org']}/{model['name']}",
        },
    }


def leaderboard(board: Mapping[str, Any], published: str) -> dict[str, Any]:
    """The board of a model: its scale, and its endpoints in order with their ranks."""
    model = board["model"]
    return {
        "model": f"{model['org']}/{model['name']}",
        "published": published,
        "terms": board["terms"],
        "honest_band": board["honest_band"],
        "ladder": list(board["rungs"]),
        "suite": board["suite"],
        "baseline": board["baseline"],
        "rows": [{"rank": row["rank"], "endpoint": endpoint(model, row)} for row in board["rows"]],
    }


def change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """What happened between two documents of one endpoint: (kind, document of the change).

    Without `before` it is newly listed, without `after` it is no longer listed (and nothing else is told of
    it); one of them is there.
    """
    named = after or before or {}
    if before is None:
        kind = "listed"
    elif after is None:
        kind = "delisted"
    elif before["verdict"] != after["verdict"]:
        kind = "verdict"
    elif before["run"] != after["run"]:
        kind = "measured"
    else:
        kind = "certificate" if before["certificate"] != after["certificate"] else "edited"
    return kind, {
        "endpoint": {key: named[key] for key in ("id", "label", "model", "provider", "control")},
        "run": None if after is None else after["run"],
        "before": None if before is None or after is None else {key: before[key] for key in KEPT},
        "after": None if after is None else {key: after[key] for key in KEPT},
    }


def verdicts(found: Iterable[str | None]) -> dict[str, int]:
    """How many endpoints have each verdict; `not-yet-measured` counts those without any."""
    counted = Counter(one or NOT_YET for one in found)
    return {name: counted[name] for name in VERDICTS}


def _fidelity(result: Mapping[str, Any]) -> dict[str, Any] | None:
    found = result.get("fidelity")
    if found is None:
        return None
    return {
        **found,
        "confidence": 0.95,
        "k": result.get("k"),
        "context_types": result.get("context_types"),
        "prompts": result.get("prompts"),
        "contexts": result.get("contexts"),
    }
