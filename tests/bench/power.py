"""How soon a degradation is found, its cause, and whether an honest deployment is ever accused.

`make bench-power` boots the lab's deployments two at a time, records a baseline, calibrates it with all whose
truth is known, and judges: each degraded deployment with many seeds against the whole baseline, each honest
one against a baseline that does not know it. A request that an earlier seed has made of a deployment is
answered from its answer (a draw from one of a few): the seeds differ in what they ask and in its order.

Prints the table, writes `verifier/scoring/error_budget.json`, from which the methodology page is made, and
exits 1 when a row falls short of what it must reach.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench import baselines, monitoring, summary
from tests.bench.judging import ALPHA, Job, judge
from tests.bench.peers import side_by_side
from tests.bench.peers.evidence import DEPLOYMENTS as COMPARED
from tests.bench.printed import print_budget, shortfalls
from tests.bench.reach import EVIDENCE, LOGPROBS, REACH, TEXT
from verifier.baseline.model import Baseline
from verifier.lab.deployment import Access
from verifier.lab.deployments import DEPLOYMENTS
from verifier.lab.serve import serving
from verifier.lab.source import MODEL
from verifier.scoring import policy
from verifier.scoring.error_budget import PATH, parse
from verifier.suites import Suite

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked: prompts of the baseline, prompts of a hidden pool, seeds, honest runs in all."""

    prompts: int | None
    hidden: int
    seeds: int
    honest_runs: int
    draws: int
    full: bool


QUICK = Size(prompts=300, hidden=75, seeds=20, honest_runs=1000, draws=40, full=False)
FULL = Size(prompts=None, hidden=300, seeds=100, honest_runs=5000, draws=200, full=True)


def jobs(size: Size, only: Sequence[str] | None) -> Iterator[Job]:
    """Every deployment that is judged (of `only`, if given), at both levels of evidence."""
    stacks = baselines.honest_stacks(size.full)
    each = -(-size.honest_runs // len(stacks))
    degraded = baselines.names(("degraded",), size.full)
    closed = [name for name in baselines.names(("honest",), size.full) if name not in stacks]
    ordered = (*stacks, *sorted(degraded, key=lambda name: (name, LOGPROBS) not in REACH), *closed)
    for name in [name for name in ordered if not only or name in only]:
        seeds = range(1, 1 + (each if name in stacks else size.seeds))
        shown: tuple[str, ...] = EVIDENCE
        if DEPLOYMENTS[name].access != Access():
            shown = (TEXT,) if DEPLOYMENTS[name].access.top_logprobs == 0 else (LOGPROBS,)
        yield Job(name, shown, seeds, whole=name in degraded)


def judged(
    size: Size,
    baseline: Baseline,
    suite: Suite,
    only: Sequence[str] | None,
    keep: Path | None,
    console: Console,
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The raw runs by deployment and evidence."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    waiting: list[tuple[Job, Future[dict[str, list[dict[str, Any]]]]]] = []
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        for job in jobs(size, only):
            known = baselines.without(baseline, job.name)
            waiting.append((job, pool.submit(judge, job, known, suite, keep)))
        for place, (job, running) in enumerate(waiting, start=1):
            for evidence, runs in running.result().items():
                found[job.name, evidence] = runs
                words = sorted({run["verdict"] for run in runs})
                console.print(f"{place} of {len(waiting)}: {job.name}, {evidence}: {', '.join(words)}")
    return found


def budget(
    size: Size,
    suite: Suite,
    baseline: Baseline,
    found: dict[tuple[str, str], list[dict[str, Any]]],
) -> dict[str, Any]:
    """The error budget, JSON-ready (verifier.scoring.error_budget reads it); nothing is said of peers yet."""
    detection = _rows(found, ("degraded",), summary.detection_row)
    honest = _rows(found, ("calibration-honest", "honest"), summary.honest_row)
    return {
        "assay_error_budget": 1,
        "made_by": "make bench-power FULL=1" if size.full else "make bench-power",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "suite": f"{baseline.suite} sha256:{suite.sha256}",
            "policy": policy.VERSION,
            "assay": version("assay"),
        },
        "model": MODEL,
        "alpha": ALPHA,
        "seeds": size.seeds,
        "prompts": len(baseline.by_prompt),
        "detection": detection,
        "honest": honest,
        "totals": summary.totals(honest),
        "causes": summary.confusion(detection),
        "peers": [],
        "monitoring": monitoring.watch(baseline),
    }


def _rows(found: dict[tuple[str, str], Any], roles: Iterable[str], row: Any) -> list[dict[str, Any]]:
    return [
        row(name, evidence, runs)
        for (name, evidence), runs in sorted(found.items(), key=lambda item: _place(*item[0]))
        if DEPLOYMENTS[name].role in roles
    ]


def _place(name: str, evidence: str) -> tuple[int, int]:
    return EVIDENCE.index(evidence), list(DEPLOYMENTS).index(name)


def _peers(suite: Suite, size: Size, keep: Path | None) -> list[dict[str, Any]]:
    with serving(COMPARED) as lab:
        return asyncio.run(side_by_side.compare(lab.served, suite, keep, draws=size.draws))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every row holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the whole suite, more seeds: takes hours")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the answers, and go on from them")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="judge only these; writes no error budget")
    peers = parser.add_mutually_exclusive_group()
    peers.add_argument("--no-peers", action="store_true", help="leave out the published methods")
    peers.add_argument(
        "--only-peers", action="store_true", help="measure the published methods, beside what was written"
    )
    args = parser.parse_args(arguments)
    console = Console(width=max(140, Console().width))
    size = FULL if args.full else QUICK
    if args.keep is not None:
        args.keep.mkdir(parents=True, exist_ok=True)
    suite = baselines.suite_with_hidden(size.hidden)
    if args.only_peers:
        written = json.loads(PATH.read_text("utf-8"))
        return _told(console, {**written, "peers": _peers(suite, size, args.keep)}, writing=True)
    console.print("recording and calibrating a baseline ...")
    baseline = baselines.make(suite, size.prompts, size.full, args.keep, console.print)
    found = judged(size, baseline, suite, args.only, args.keep, console)
    document = budget(size, suite, baseline, found)
    if not (args.no_peers or args.only):
        _write(document)  # should the rest be interrupted, `make bench-peers` goes on from here
        document["peers"] = _peers(suite, size, args.keep)
    return _told(console, document, writing=not args.only)


def _told(console: Console, document: dict[str, Any], *, writing: bool) -> int:
    print_budget(console, document)
    if writing:
        _write(document)
        console.print(f"written to {PATH.name}; the methodology page shows it")
    short = shortfalls(document)
    for line in short:
        console.print(f"short: {line}", style="bold red")
    return 1 if short else 0


def _write(document: dict[str, Any]) -> None:
    parse(document)
    PATH.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
