"""How few tokens a verdict takes, and whether an honest deployment is ever accused: `make bench-power`.

Boots the lab, records a baseline, calibrates it with deployments that are not judged, and verifies each
judged deployment with 20 seeds. A request that an earlier seed has already made of the same deployment is
answered from its answer: the seeds differ in the prompts they draw and their order, not in the server.

Prints the table and exits 1 when a row falls short of what it must reach.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from scipy.stats import beta

from verifier.baseline import files
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline, Role
from verifier.baseline.record import record
from verifier.checks.base import Observation, Probe
from verifier.client.egress import EgressPolicy
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.lab.deployments import DEPLOYMENTS
from verifier.lab.serve import Served, serving
from verifier.runner import MemoryStore, drive
from verifier.suites import Suite, load
from verifier.verification import Settings, verification

SEEDS = 20
ALPHA = 0.01
AT_ONCE = 2
CALIBRATION = ("cal-f16", "cal-batch", "cal-slots", "int8-row", "fp8-tensor", "q4_0", "int3-g32")
POLICY = EgressPolicy(allow_loopback=True)


@dataclass(frozen=True, slots=True)
class Row:
    """What must hold of one deployment: at least `decided` of the seeds decided within `tokens`."""

    name: str
    logprobs: bool
    tokens: int | None
    decided: int = 18


ROWS = (
    Row("int4-g64", True, 15),
    Row("layer-15", True, 15),
    Row("q8_0", True, 60),
    Row("fp8-row", True, 60),
    Row("int4-g64", False, 40),
    Row("f32", True, None),
    Row("f16-slots", True, None),
    Row("kv-f32", True, None),
    Row("f32", False, None),
    Row("f16-slots", False, None),
    Row("kv-f32", False, None),
)
"""Without `tokens` the deployment is honest, and no seed may accuse it."""


class Once:
    """Answers a request from the first time it was made."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._answers: dict[str, asyncio.Task[Observation]] = {}

    async def ask(self, probe: Probe) -> Observation:
        """The observation for `probe`, under its own key."""
        request = json.dumps([probe.api, dict(probe.body)], sort_keys=True)
        if request not in self._answers:
            self._answers[request] = asyncio.create_task(self._client.ask(probe))
        return replace(await self._answers[request], key=probe.key)


async def make_baseline(lab: Mapping[str, Served], suite: Suite, prompts: int) -> Baseline:
    """Recorded from the lab's reference, calibrated with the lab's calibration deployments, two at a time."""
    async with client_of(lab["reference"]) as client:
        recording = record(suite, model=lab["reference"].model, prompts=prompts)
        baseline = await drive(recording, client.ask, MemoryStore(), concurrency=4)
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Baseline:
        deployment = DEPLOYMENTS[name]
        role = Role.HONEST if deployment.role == "calibration-honest" else Role.RUNG
        dialogue = calibrate(
            baseline,
            suite,
            name=name,
            label=deployment.label,
            role=role,
            quantization=deployment.quantization,
        )
        async with slots, client_of(lab[name]) as client:
            return await drive(dialogue, client.ask, MemoryStore(), concurrency=4)

    for calibrated in await asyncio.gather(*(one(name) for name in CALIBRATION)):
        baseline = baseline.with_stack(calibrated.stacks[-1])
    return baseline


async def measure(served: Served, row: Row, baseline: Baseline, suite: Suite) -> list[dict[str, Any]]:
    """The results of all seeds."""
    results = []
    async with client_of(served) as client:
        once = Once(client)
        for seed in range(1, SEEDS + 1):
            settings = Settings(alpha=ALPHA, seed=seed, no_logprobs=not row.logprobs, decide_only=True)
            named = {"base_url": served.base_url, "upstream_model": served.model}
            dialogue = verification(baseline, suite, settings, endpoint=named)
            results.append(await drive(dialogue, once.ask, MemoryStore(), concurrency=4))
    return results


def client_of(served: Served) -> Client:
    """A client for one deployment of the lab."""
    return Client(Target(served.base_url, served.model), policy=POLICY)


def judge(row: Row, results: Sequence[Mapping[str, Any]]) -> tuple[bool, list[str]]:
    """Whether the row holds, and its cells."""
    tokens = [result["decision_tokens"] for result in results]
    words = [result["verdict"] for result in results]
    accused = [word in ("deviating", "different-model") for word in words]
    quantiles = f"{statistics.median(tokens):.0f} / {sorted(tokens)[int(0.9 * len(tokens))]} / {max(tokens)}"
    said = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
    if row.tokens is None:
        bound = float(beta.ppf(0.95, sum(accused) + 1, len(accused) - sum(accused)))
        must = f"never accused (0 of {len(accused)} bounds the rate at {bound:.0%})"
        return not any(accused), [said, quantiles, must]
    within = sum(a and n <= row.tokens for a, n in zip(accused, tokens, strict=True))
    must = f"{within} of {len(results)} within {row.tokens} (at least {row.decided})"
    return within >= row.decided, [said, quantiles, must]


async def bench(console: Console, prompts: int, keep: Path | None) -> bool:
    """Run everything; returns whether every row holds."""
    suite = load("core")
    table = Table(title=f"{SEEDS} seeds, alpha {ALPHA}, {suite.name} {suite.version}, {prompts} prompts")
    for heading in (
        "deployment",
        "evidence",
        "verdicts",
        "decision tokens: median / 90 % / max",
        "must hold",
    ):
        table.add_column(heading)
    holds = True
    judged = tuple(dict.fromkeys(row.name for row in ROWS))
    with serving(("reference", *CALIBRATION, *judged)) as lab:
        if keep is not None and keep.exists():
            baseline = files.read(keep)
        else:
            console.print("recording and calibrating a baseline ...")
            baseline = await make_baseline(lab.served, suite, prompts)
            if keep is not None:
                files.write(baseline, keep)
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(row: Row) -> list[dict[str, Any]]:
            async with slots:
                results = await measure(lab.served[row.name], row, baseline, suite)
                console.print(f"{row.name} {'with logprobs' if row.logprobs else 'text only'}: done")
                return results

        for row, results in zip(ROWS, await asyncio.gather(*(one(row) for row in ROWS)), strict=True):
            good, cells = judge(row, results)
            holds = holds and good
            evidence = "logprobs" if row.logprobs else "text only"
            table.add_row(row.name, evidence, *cells, style=None if good else "bold red")
    console.print(table)
    return holds


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every row holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=300, help="prompts of the baseline (default 300)")
    parser.add_argument("--baseline", type=Path, help="keep the baseline here, and use it if it is there")
    args = parser.parse_args(arguments)
    console = Console(width=max(120, Console().width))
    return 0 if asyncio.run(bench(console, args.prompts, args.baseline)) else 1


if __name__ == "__main__":
    sys.exit(main())
