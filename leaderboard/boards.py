"""From results to a board: which rows are comparable, who ties with whom. Pure: data in, data out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.scoring.field import in_the_field
from verifier.scoring.rank_bands import Interval, rank_bands

VERSION = 1

SHOWN = (
    "verdict",
    "awaits",
    "grade",
    "cause",
    "fingerprint",
    "fidelity",
    "honest_band",
    "declaration",
    "agreement",
    "evidence_level",
    "k",
    "context_types",
    "e_value",
    "alpha",
    "requests",
    "decision_tokens",
    "completion_tokens",
    "contexts",
    "prompts",
    "stopped_because",
    "excludes",
    "speed",
    "versions",
    "baseline",
)
"""What a row keeps of a result; the rest stays with the run."""

UNRANKED = (
    "faithful",
    "deviating",
    "different-model",
    "inconclusive",
    "insufficient-access",
    "not-measured",
    None,
)
"""The order of rows that have no rank."""


def build(model: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The board of one model, JSON-ready.

    `model` is `{"id", "org", "name", "precision", "licence", "url"}`. Every entry is one listed endpoint:
    `{"endpoint": {...}, "run": {"id", "ended"} or None, "result": the run's result JSON as
    `publication.shown` gives it, or None, "missed": when a later run could not measure, or None}`. Rows come
    ranked, then the others by what is known of them, not yet measured last; within each by label.

    The bound behind fidelity grows with the length of the endpoint's lists, so a board compares at one
    common top-k (METHOD.md section 1): a result that gives its fidelity, band and ladder at the common k
    (`fidelity_common`) is shown at that, and its own page shows the sharpest. Rows whose top-k or context
    types still differ from the commonest pair show their number without a rank.
    """
    rows = [_row(entry) for entry in entries]
    terms = common_terms(rows)
    comparable = [row for row in rows if row["terms"] is not None and row["terms"] == terms]
    ranks = rank_bands([_interval(row["result"]["fidelity"]) for row in comparable])
    for row, rank in zip(comparable, ranks, strict=True):
        row["rank"] = {"place": rank.place, "tied": rank.tied}
    _flag(rows)
    scale = max(comparable, key=lambda row: (row["run"]["ended"], row["endpoint"]["id"]), default=None)
    return {
        "board": VERSION,
        "model": dict(model),
        "terms": None if terms is None else {"k": terms[0], "context_types": list(terms[1])},
        "honest_band": None if scale is None else scale["result"].get("honest_band"),
        "rungs": [] if scale is None else scale["rungs"],
        "suite": None if scale is None else (scale["result"].get("versions") or {}).get("suite"),
        "baseline": None if scale is None else scale["result"].get("baseline"),
        "rows": [
            {key: value for key, value in row.items() if key != "terms"} for row in sorted(rows, key=_order)
        ],
    }


def common_terms(rows: Sequence[Mapping[str, Any]]) -> tuple[Any, ...] | None:
    """The top-k and context types that most rows were measured at; of equals the larger k."""
    counted = Counter(row["terms"] for row in rows if row["terms"] is not None)
    return max(counted, key=lambda terms: (counted[terms], terms[0] or 0, terms[1]), default=None)


def _row(entry: Mapping[str, Any]) -> dict[str, Any]:
    result = _at_common_k(entry["result"])
    shown = None if result is None else {key: result[key] for key in SHOWN if result.get(key) is not None}
    ladder = (result or {}).get("ladder") or {}
    fidelity = (shown or {}).get("fidelity")
    terms = None
    if fidelity is not None and result is not None:
        terms = (result.get("k"), tuple(sorted(result.get("context_types") or ())))
    return {
        "endpoint": dict(entry["endpoint"]),
        "run": entry["run"],
        "missed": entry["missed"],
        "rank": None,
        "result": shown,
        "nearest": ladder.get("nearest"),
        "flags": [],
        "tools": None if result is None else tools(result.get("findings") or ()),
        "rungs": list(ladder.get("rungs") or ()),
        "terms": terms,
    }


def _flag(rows: Sequence[dict[str, Any]]) -> None:
    """Mark the rows whose first token or price lies suspiciously far below the field of this model."""
    for kind, value in (("fast", _first_token), ("cheap", _price)):
        known = {str(place): found for place, row in enumerate(rows) if (found := value(row)) is not None}
        for place, standing in in_the_field(known).items():
            if standing.low:
                rows[int(place)]["flags"].append({"kind": kind, "z": standing.z, "n": standing.n})


def _first_token(row: Mapping[str, Any]) -> float | None:
    speed = (row["result"] or {}).get("speed") or {}
    value = (speed.get("first_token_ms") or {}).get("p50")
    return None if value is None else float(value)


def _price(row: Mapping[str, Any]) -> float | None:
    """The price of a prompt token and a completion token together."""
    paid = row["endpoint"].get("price_in"), row["endpoint"].get("price_out")
    return None if None in paid else float(paid[0]) + float(paid[1])


def tools(findings: Sequence[Mapping[str, Any]]) -> bool | None:
    """Whether tool calls work, by the checks that ask for them; None where none of them could tell."""
    asked = [one["outcome"] for one in findings if str(one.get("check")).startswith("tool_")]
    if any(outcome in ("pass", "warn", "fail") for outcome in asked):
        return "fail" not in asked
    return False if "unsupported" in asked else None


def _at_common_k(result: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    common = (result or {}).get("fidelity_common")
    if result is None or not common or not common.get("honest_band"):
        return result
    return {
        **result,
        "fidelity": {name: common[name] for name in ("value", "low", "high")},
        "honest_band": common["honest_band"],
        "ladder": common.get("ladder"),
        "k": common["k"],
    }


def _interval(fidelity: Mapping[str, float]) -> Interval:
    return Interval(fidelity["value"], fidelity["low"], fidelity["high"])


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    label = row["endpoint"]["label"].casefold()
    if row["rank"] is not None:
        return (0, -row["result"]["fidelity"]["value"], -row["result"]["fidelity"]["low"], label)
    verdict = (row["result"] or {}).get("verdict")
    return (1 + UNRANKED.index(verdict if verdict in UNRANKED else None), 0, 0, label)
