"""What a person reads of a run, on stderr: its price before it starts, and its result when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from verifier.checks.registry import discover
from verifier.scoring.price import Price, Tariff

WIDTH = 120
"""Columns where there is no terminal to ask."""
SHAPES = {
    "pass": ("●", "green"),
    "warn": ("◐", "yellow"),
    "fail": ("▲", "red"),
    "inconclusive": ("○", ""),
    "unsupported": ("◌", "dim"),
    "faulty": ("✕", "magenta"),
    "error": ("–", "dim"),
}


def console() -> Console:
    """Where reports go. Nothing that an endpoint said is read as markup."""
    found = Console(stderr=True, markup=False, highlight=False, emoji=False)
    if not found.is_terminal:
        found.width = WIDTH
    return found


def money(dollars: float) -> str:
    """US dollars, to two significant digits below a cent."""
    return f"${dollars:.2f}" if dollars >= 0.01 or dollars == 0 else f"${dollars:.1g}"


def show_price(price: Price, tariff: Tariff | None, plan: str, budget: int | None) -> None:
    """The expected requests and tokens of each check and of the run, with money where a price is given."""
    table = Table(box=box.SIMPLE_HEAD, title=f"Expected price of this {plan} run", title_justify="left")
    table.add_column("check")
    for name in ("requests", "prompt tokens", "completion tokens"):
        table.add_column(name, justify="right")
    if tariff is not None:
        table.add_column("at most", justify="right")
    rows = [(s.title, s.requests, s.prompt_tokens, s.completion_tokens) for s in price.shares]
    total = ("in all", price.requests, price.prompt_tokens, price.completion_tokens)
    for title, requests, prompt, completion in (*rows, total):
        cells = [title, f"{requests:,}", f"{prompt:,}", f"{completion:,}"]
        if tariff is not None:
            cells.append(money(tariff.cost(prompt, completion)))
        table.add_row(*cells, end_section=title == rows[-1][0] if rows else False)
    where = console()
    where.print(table)
    if budget is not None:
        where.print(f"It sends at most {budget:,} requests.")


def show_result(result: Mapping[str, Any], tariff: Tariff | None) -> None:
    """The result as a person reads it: headline, one row a finding, what it took."""
    where = console()
    table = Table(box=box.SIMPLE, show_header=False, title=plain(_title(result)), title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, said in _headlines(result, tariff):
        table.add_row(name, plain(said))
    where.print(table)
    findings = Table(box=box.SIMPLE_HEAD)
    findings.add_column("check")
    findings.add_column("outcome")
    findings.add_column("estimate", justify="right")
    findings.add_column("n", justify="right")
    findings.add_column("cause", overflow="fold", ratio=1)
    titles = {check.name: check.title for check, _ in discover()}
    for one in result["findings"]:
        shape, style = SHAPES[one["outcome"]]
        findings.add_row(
            plain(titles.get(one["check"], one["check"])),
            Text(f"{shape} {one['outcome']}", style),
            plain(_estimate(one)),
            "" if one["n"] is None else f"{one['n']:,}",
            plain(one["cause"]),
        )
    where.print(findings)


def plain(said: str) -> Text:
    """A text that may come from an endpoint: nothing in it moves the cursor or changes a colour."""
    return Text("".join(sign if sign.isprintable() else " " for sign in said))


def _title(result: Mapping[str, Any]) -> str:
    return f"{result['model']} at {result['endpoint']['base_url']}: {result['verdict']}"


def _headlines(result: Mapping[str, Any], tariff: Tariff | None) -> list[tuple[str, str]]:
    rows = []
    if grade := result.get("grade"):
        caps = "; ".join(cap["why"] for cap in grade["caps"])
        rows.append(("grade", " · ".join(part for part in (grade["letter"] or "none", caps) if part)))
        if grade["unknown"]:
            titles = {check.name: check.title for check, _ in discover()}
            rows.append(("not known", ", ".join(titles.get(name, name) for name in grade["unknown"])))
    if fidelity := result["fidelity"]:
        said = f"{fidelity['value']:.2f} ({fidelity['low']:.2f} to {fidelity['high']:.2f})"
        rows.append(("fidelity", f"{said} of 100 next tokens at top {result['k']}, n = {result['prompts']}"))
    rows.append(("evidence", f"{result['evidence_level']}, e-value {result['e_value']:.3g}"))
    declared = result["declaration"]
    if declared["declared"]:
        rows.append(("declaration", f"{declared['declared']}: {declared['state']}"))
    if result["cause"]:
        rows.append(("cause", f"{result['cause']['name']}: {result['cause']['evidence']}"))
    rows += _speeds(result["speed"])
    spent = f"{result['requests']:,} requests, {result['prompt_tokens']:,} prompt tokens, "
    spent += f"{result['completion_tokens']:,} completion tokens"
    if tariff is not None:
        spent += f": {money(tariff.cost(result['prompt_tokens'], result['completion_tokens']))}"
    rows.append(("spent", spent))
    return rows


def _speeds(speed: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for key, name, unit in (
        ("first_token_ms", "first token", "ms"),
        ("inter_token_ms", "between tokens", "ms"),
        ("tokens_per_second", "speed", "tokens/s"),
    ):
        if found := speed.get(key):
            said = f"{found['p50']:.4g} {unit} (p95 {found['p95']:.4g}), n = {found['n']}"
            rows.append((name, said))
    return rows


def _estimate(finding: Mapping[str, Any]) -> str:
    if finding["estimate"] is None:
        return ""
    said = f"{finding['estimate']:.4g}"
    if finding["low"] is not None and finding["high"] is not None:
        said += f" ({finding['low']:.4g} to {finding['high']:.4g})"
    return f"{said} {finding['unit']}".rstrip()
