"""From raw runs to the error budget that the methodology page is made of. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.bench.reach import EVIDENCE, FAITHFUL, REACH, SHARE, TEXT
from verifier.lab.deployment import NONE
from verifier.lab.deployments import DEPLOYMENTS
from verifier.scoring.error_budget import UNNAMED
from verifier.scoring.policy import ACCUSING
from verifier.stats.intervals import clopper_pearson

Runs = Sequence[Mapping[str, Any]]
CAUSE_BY_TEXT = {"spoofed": "weight quantization"}
"""What there is to be named where no lists are asked for: then none of them is spoofed."""


def detection_row(name: str, evidence: str, runs: Runs) -> dict[str, Any]:
    """How often and how soon a degraded deployment was found."""
    one = DEPLOYMENTS[name]
    found = [run for run in runs if run["verdict"] in ACCUSING]
    interval = clopper_pearson(len(found), len(runs))
    assert interval is not None
    reach = REACH.get((name, evidence))
    tokens = [run["decision_tokens"] for run in found]
    return {
        "deployment": name,
        "label": one.label,
        "what": one.what,
        "cause": CAUSE_BY_TEXT.get(name, one.cause) if evidence == TEXT else one.cause,
        "evidence": evidence,
        "runs": len(runs),
        "detected": len(found),
        "low": interval.low,
        "high": interval.high,
        "tokens": quantiles(tokens),
        "reach": None if reach is None else {"tokens": reach, "share": SHARE},
        "within": None if reach is None else sum(n <= reach for n in tokens),
        "verdicts": dict(Counter(run["verdict"] for run in runs)),
        "named": dict(Counter(run["cause"] for run in found if run["cause"])),
    }


def honest_row(name: str, evidence: str, runs: Runs) -> dict[str, Any]:
    """How often an honest deployment was accused, and how soon called faithful."""
    one = DEPLOYMENTS[name]
    faithful = [run["decision_tokens"] for run in runs if run["verdict"] == "faithful"]
    return {
        "deployment": name,
        "label": one.label,
        "what": one.what,
        "evidence": evidence,
        "runs": len(runs),
        "accused": sum(run["verdict"] in ACCUSING for run in runs),
        "faithful": len(faithful),
        "within": sum(n <= FAITHFUL[evidence] for n in faithful),
        "tokens": quantiles(faithful),
        "verdicts": dict(Counter(run["verdict"] for run in runs)),
    }


def totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """False accusations over runs and over stacks, with their 95 % upper bounds."""
    found = {}
    rows = list(rows)
    for evidence in EVIDENCE:
        some = [row for row in rows if row["evidence"] == evidence]
        if not some:
            continue
        runs, accused = sum(row["runs"] for row in some), sum(row["accused"] for row in some)
        stacks, accused_stacks = len(some), sum(row["accused"] > 0 for row in some)
        over_runs, over_stacks = clopper_pearson(accused, runs), clopper_pearson(accused_stacks, stacks)
        assert over_runs is not None
        assert over_stacks is not None
        found[evidence] = {
            "runs": runs,
            "accused": accused,
            "runs_upper": over_runs.high,
            "stacks": stacks,
            "stacks_accused": accused_stacks,
            "stacks_upper": over_stacks.high,
        }
    return found


def confusion(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """Evidence -> true cause -> named cause -> detected runs; runs without a named cause are "none named"."""
    table: dict[str, dict[str, dict[str, int]]] = {evidence: {} for evidence in EVIDENCE}
    for row in rows:
        if row["cause"] == NONE:
            continue
        named = table[row["evidence"]].setdefault(row["cause"], {})
        for cause, count in row["named"].items():
            named[cause] = named.get(cause, 0) + count
        rest = row["detected"] - sum(row["named"].values())
        if rest:
            named[UNNAMED] = named.get(UNNAMED, 0) + rest
    return table


def right_share(table: Mapping[str, Mapping[str, int]]) -> float | None:
    """The share of detected runs whose cause is the true one."""
    every = sum(sum(named.values()) for named in table.values())
    right = sum(named.get(truth, 0) for truth, named in table.items())
    return right / every if every else None


def quantiles(tokens: Sequence[int]) -> dict[str, float] | None:
    """Median, 90 % quantile (the smallest value that 90 % do not exceed) and maximum."""
    if not tokens:
        return None
    ranked = sorted(tokens)
    return {
        "median": statistics.median(ranked),
        "p90": ranked[max(0, -(-9 * len(ranked) // 10) - 1)],
        "max": ranked[-1],
    }
