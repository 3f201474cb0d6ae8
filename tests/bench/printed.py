"""The error budget in a terminal, and where it falls short of what must be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.reach import CAUSES_RIGHT, FAITHFUL, PEERS, SHARE
from tests.bench.summary import right_share
from verifier.scoring.error_budget import UNNAMED

LEAST_HONEST_RUNS = 1000


def print_budget(console: Console, document: Mapping[str, Any]) -> None:
    """The tables: detection, honest deployments, causes, monitoring."""
    table = Table(title=f"Degraded deployments, alpha {document['alpha']}, {document['prompts']} prompts")
    for heading in (
        "deployment",
        "evidence",
        "found",
        "tokens: median / 90 % / max",
        "must",
        "verdicts",
        "named",
    ):
        table.add_column(heading)
    for row in document["detection"]:
        must = "as far as it goes"
        if row["reach"]:
            must = f"{row['within']} of {row['runs']} within {row['reach']['tokens']}"
        table.add_row(
            row["deployment"],
            row["evidence"],
            f"{row['detected']} of {row['runs']}",
            _tokens(row["tokens"]),
            must,
            _counts(row["verdicts"]),
            _counts(row["named"]),
            style=None if _holds(row) else "bold red",
        )
    console.print(table)
    table = Table(title="Honest deployments, each left out of its own calibration")
    for heading in ("deployment", "evidence", "accused", "faithful", "within", "tokens: median / 90 % / max"):
        table.add_column(heading)
    for row in document["honest"]:
        table.add_row(
            row["deployment"],
            row["evidence"],
            f"{row['accused']} of {row['runs']}",
            f"{row['faithful']} of {row['runs']}",
            f"{row['within']} within {FAITHFUL[row['evidence']]}",
            _tokens(row["tokens"]),
            style="bold red" if row["accused"] else None,
        )
    console.print(table)
    for evidence, total in document["totals"].items():
        console.print(
            f"{evidence}: {total['accused']} of {total['runs']} honest runs accused (at most "
            f"{total['runs_upper']:.2%}), {total['stacks_accused']} of {total['stacks']} stacks (at most "
            f"{total['stacks_upper']:.0%})"
        )
    for evidence, causes in document["causes"].items():
        share = right_share(causes)
        if share is not None:
            console.print(f"{evidence}: the cause is named rightly in {share:.1%} of the detected runs")
        for truth, named in causes.items():
            wrong = {name: count for name, count in named.items() if name != truth}
            if wrong:
                console.print(f"  {truth}: {named.get(truth, 0)} right; {_counts(wrong)}")
    for row in document["peers"]:
        console.print(f"{row['method']} on {row['label']}: 90 % within {row['tokens_for_90']} tokens")
    console.print(f"monitoring: {document['monitoring']}")


def shortfalls(document: Mapping[str, Any]) -> list[str]:
    """One line for everything that must be reached and was not."""
    short = []
    for row in document["detection"]:
        if not _holds(row):
            within, tokens = row["within"], row["reach"]["tokens"]
            short.append(f"{row['deployment']}, {row['evidence']}: {within} of {row['runs']} within {tokens}")
    for evidence, total in document["totals"].items():
        if total["accused"]:
            short.append(f"{total['accused']} of {total['runs']} honest runs accused, {evidence}")
        rows = [row for row in document["honest"] if row["evidence"] == evidence]
        within, runs = sum(row["within"] for row in rows), sum(row["runs"] for row in rows)
        if within < SHARE * runs:
            short.append(f"{within} of {runs} honest runs faithful within {FAITHFUL[evidence]}, {evidence}")
    for evidence, causes in document["causes"].items():
        share = right_share(causes)
        if share is not None and share < CAUSES_RIGHT[evidence]:
            short.append(f"causes right in {share:.1%}, {evidence}, of at least {CAUSES_RIGHT[evidence]:.0%}")
    return short + _short_of_peers(document)


def _short_of_peers(document: Mapping[str, Any]) -> list[str]:
    """The published methods that need fewer tokens than is claimed of them, on what is degraded."""
    own = {(row["deployment"], row["evidence"]): row for row in document["detection"]}
    short = []
    for peer in document["peers"]:
        evidence, times = PEERS[peer["method"]]
        row = own.get((peer["deployment"], evidence))
        if row is None or row["tokens"] is None:
            continue
        needed, theirs = row["tokens"]["p90"], peer["tokens_for_90"] or peer["most_tokens_tried"]
        if times * needed > theirs:
            said = f"takes {theirs}" if peer["tokens_for_90"] else f"was tried with {theirs} at most"
            short.append(
                f"{peer['deployment']}, {evidence}: {needed:g} tokens, not {times:g} times fewer than "
                f"{peer['method']}, which {said}"
            )
    return short


def _holds(row: Mapping[str, Any]) -> bool:
    return row["reach"] is None or row["within"] >= row["reach"]["share"] * row["runs"]


def _tokens(tokens: Mapping[str, float] | None) -> str:
    return "–" if tokens is None else f"{tokens['median']:g} / {tokens['p90']:g} / {tokens['max']:g}"


def _counts(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0] == UNNAMED, item[0]))
    return ", ".join(f"{count} {name}" for name, count in ranked)
