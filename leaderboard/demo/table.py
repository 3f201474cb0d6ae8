"""The ranked table that the demo prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from leaderboard.demo.stages import right
from verifier.lab.deployments import DEPLOYMENTS
from verifier.models import Run, RunState

SHAPES = {
    "faithful": ("●", "green"),
    "deviating": ("▲", "yellow"),
    "different-model": ("✕", "red"),
}
OTHER = ("○", "dim")


def verdict(run: Run) -> Text:
    """The verdict with its shape: never by colour alone."""
    word = run.verdict if run.state == RunState.COMPLETE else run.state
    shape, style = SHAPES.get(word, OTHER)
    return Text(f"{shape} {word}", style=style)


def fidelity(run: Run) -> str:
    """`97.2 [96.7, 97.6]`, or a dash."""
    if run.fidelity is None:
        return "–"
    return f"{run.fidelity:.2f} [{run.fidelity_low:.2f}, {run.fidelity_high:.2f}]"


def seconds(run: Run) -> str:
    """How long the run took, from start to end."""
    return f"{(run.ended - run.started).total_seconds():.0f}" if run.started and run.ended else "–"


def build(board: Mapping[str, Any], runs: Mapping[str, Run], tokens: Mapping[str, int]) -> Table:
    """The rows of the published board, in its order.

    `runs` (the latest of each, with its result) and `tokens` (of all its runs) are by deployment name.
    """
    names = {str(run.endpoint_id): name for name, run in runs.items()}
    table = Table(
        title=f"{board['model']['org']}/{board['model']['name']}",
        title_justify="left",
        caption="tokens: for the decision / all that were used; right: as the lab knows it to be",
        caption_justify="left",
        pad_edge=False,
    )
    for heading in (
        "rank",
        "endpoint",
        "verdict",
        "fidelity [95 %]",
        "measured",
        "tokens",
        "seconds",
        "right",
    ):
        numeric = heading in {"rank", "tokens", "seconds"}
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in board["rows"]:
        name = names.get(row["endpoint"]["id"])
        if name is None:
            continue
        run, rank = runs[name], row["rank"]
        result: Mapping[str, Any] = run.result or {}
        place = "–" if rank is None else f"{'=' if rank['tied'] else ''}{rank['place']}"
        used = f"{result['decision_tokens']} / {tokens[name]}" if result else "–"
        measured = (result.get("declaration") or {}).get("measured") or "–"
        table.add_row(
            place,
            run.endpoint.label,
            verdict(run),
            fidelity(run),
            measured,
            used,
            seconds(run),
            Text("yes") if right(DEPLOYMENTS[name], run) else Text("NO", style="bold red"),
        )
    return table
