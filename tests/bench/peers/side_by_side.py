"""Detection by published methods, at the same alpha and counts of tokens: rates, and tokens for 90 %.

A rate is the share of draws from the collected pool that accuse; within a draw nothing is used twice. Draws
overlap, the more the closer the count comes to the pool: the last rates of a row rest on little more than
one set of answers. A count of tokens at which a method accuses an honest deployment more often than its alpha
does not count as detection: the level is part of the comparison. Of the settings tried for a method all its
rows show the one that detects the degraded deployments best, chosen after the fact: a favour to the method.

Run it alone with `python -m tests.bench.peers.side_by_side`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.bench.peers.asking import Size
from tests.bench.peers.evidence import DEPLOYMENTS, JUDGED, Evidence, collect
from tests.bench.peers.methods import ALPHA, SEED, Detector, Method, methods
from verifier.lab.deployments import DEPLOYMENTS as LAB
from verifier.lab.serve import Served, serving
from verifier.stats.intervals import clopper_pearson
from verifier.suites import Suite, load

BUDGETS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000)
"""Completion tokens of the endpoint."""
SHARE = 0.9
DRAWS = 100
CHOOSING_DRAWS = 25
"""Of each rate at most, for the choice of a setting."""
DEGRADED = tuple(name for name in JUDGED if LAB[name].role == "degraded")

Rates = dict[int, int]
"""By count of tokens: how many draws accused."""


async def compare(
    lab: Mapping[str, Served],
    suite: Suite,
    cache: Path | None,
    *,
    draws: int,
    size: Size = Size(),  # noqa: B008  (immutable)
    say: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """The rows of `peers` in the error budget: a method and a deployment each, plain JSON values.

    `lab` serves `evidence.DEPLOYMENTS`; what they answer is kept in the folder `cache`. Each rate is of
    `draws` draws. Raises as `evidence.collect` does.
    """
    evidence = await collect(lab, suite, cache, size, say)
    return await asyncio.to_thread(rows, evidence, draws)


def rows(evidence: Evidence, draws: int) -> list[dict[str, Any]]:
    """The rows over one collection of evidence, methods in order, deployments as in `JUDGED`."""
    found = []
    for number, method in enumerate(methods(evidence)):
        setting = best_setting(method, min(draws, CHOOSING_DRAWS), number)
        rates = {name: measure(method.settings[setting], name, draws, number) for name in method.judged}
        false = [rates[name] for name in method.honest]
        for name in method.judged:
            found.append(row(method, setting, name, rates[name], false, draws))
    return found


def holds_level(accused: int, draws: int) -> bool:
    """Whether so many accusations of an honest deployment may be those of a test at ALPHA."""
    interval = clopper_pearson(accused, draws)
    return interval is not None and interval.low <= ALPHA


def row(
    method: Method, setting: str, name: str, rates: Rates, honest: Sequence[Rates], draws: int
) -> dict[str, Any]:
    """One row: a method, a deployment, its rates, and the fewest tokens that detect it in 9 draws of 10 while
    no deployment of `honest` is accused beyond alpha.
    """
    enough = [
        tokens
        for tokens, detected in rates.items()
        if detected >= SHARE * draws and all(holds_level(one.get(tokens, 0), draws) for one in honest)
    ]
    return {
        "method": method.name,
        "full_name": method.full_name,
        "source": method.source,
        "evidence": f"{method.evidence}: {setting}",
        "deployment": name,
        "label": LAB[name].label,
        "rates": [
            {"tokens": tokens, "detected": detected, "runs": draws} for tokens, detected in rates.items()
        ],
        "tokens_for_90": min(enough, default=None),
        "most_tokens_tried": max(rates, default=0),
    }


def measure(detector: Detector, name: str, draws: int, seed: int) -> Rates:
    """How many of `draws` draws accuse the deployment, for each count of tokens that its pool has."""
    rates: Rates = {}
    for tokens in BUDGETS:
        rng = np.random.default_rng([SEED, seed, list(LAB).index(name), tokens])
        said = [detector(name, tokens, rng) for _ in range(draws)]
        if None not in said:
            rates[tokens] = sum(map(bool, said))
    return rates


def best_setting(method: Method, draws: int, seed: int) -> str:
    """The setting with the most detections of the degraded deployments over all counts of tokens.

    A count beyond a setting's pool is taken to detect as often as the last one within it.
    """

    def detections(setting: str) -> int:
        total = 0
        for name in DEGRADED:
            rates = measure(method.settings[setting], name, draws, seed)
            total += sum(_at(rates, tokens) for tokens in BUDGETS)
        return total

    return max(method.settings, key=detections)


def table(found: Sequence[Mapping[str, Any]]) -> Table:
    """The rows for a reader: percent detected by tokens."""
    shown = Table(
        title=f"published methods, alpha {ALPHA}, percent of draws that accuse, by completion tokens"
    )
    for heading in ("method", "deployment", *map(str, BUDGETS), "tokens for 90 %"):
        shown.add_column(heading)
    for one in found:
        rates = {rate["tokens"]: f"{100 * rate['detected'] / rate['runs']:.0f}" for rate in one["rates"]}
        enough = one["tokens_for_90"] or f"more than {one['most_tokens_tried']}"
        cells = [rates.get(tokens, "") for tokens in BUDGETS]
        shown.add_row(f"{one['method']} ({one['evidence']})", one["label"], *cells, str(enough))
    return shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Boot the lab, compare, print; exit status 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="keep the answers in this folder, and use those in it")
    parser.add_argument("--draws", type=int, default=DRAWS, help=f"draws of each rate (default {DRAWS})")
    parser.add_argument("--json", type=Path, help="write the rows here")
    args = parser.parse_args(arguments)
    console = Console(width=max(200, Console().width))
    with serving(DEPLOYMENTS) as lab:
        comparing = compare(lab.served, load("core"), args.cache, draws=args.draws, say=console.print)
        found = asyncio.run(comparing)
    console.print(table(found))
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _at(rates: Rates, tokens: int) -> int:
    within = [detected for most, detected in rates.items() if most <= tokens]
    return within[-1] if within else 0


if __name__ == "__main__":
    sys.exit(main())
