"""`make bench-healthy`: a healthy llama.cpp server fails no check, whatever the seed.

A baseline with behaviour is recorded from the lab's reference and calibrated with honest deployments. Then
two others that serve the same weights, one of which shows less and passes through a gateway, are judged by a
whole run of a plan for each seed. Whatever fails is told with its cause, and the exit status is 1.

A question that an earlier seed asked word for word is answered from memory: llama.cpp answers it the same to
the bit, and a draw carries its own seed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline, Role
from verifier.baseline.record import record
from verifier.baseline.template import ChatTemplate
from verifier.checks.base import Observation, Probe
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.evidence.canonical import digest
from verifier.runner import MemoryStore, drive
from verifier.suites import Suite, load
from verifier.suites.plans import plan
from verifier.verification import Settings, verification

REFERENCE = "reference"
CALIBRATING = ("cal-f16", "cal-batch", "cal-slots")
HEALTHY = ("bf16-flash", "open-top5")
SEEDS = 10
PROMPTS = 120
"""Of the baseline: what a faithful verdict takes, not more."""
PATIENT = Limits(concurrency=2, deadline=300, patience=900, first_token=280, inter_token=120)
AT_ONCE = 2

Ask = Callable[[Probe], Awaitable[Observation]]


class Remembering:
    """Asks a deployment each question once."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[str, Observation] = {}

    async def ask(self, probe: Probe) -> Observation:
        """The observation for `probe`, under its own key. What went wrong is asked again."""
        request = digest({"api": probe.api, "body": dict(probe.body), "asking": probe.asking})
        found = self._known.get(request)
        if found is None:
            found = await self._ask(probe)
            if found.ok:
                self._known[request] = found
        return replace(found, key=probe.key)


@dataclass
class Told:
    """What the runs of one deployment said: outcomes by check, verdicts, and the cause of each failure."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def take(self, seed: int, result: Mapping[str, Any]) -> None:
        """Take in the result of one run."""
        self.verdicts[result["verdict"]] += 1
        for one in result["findings"]:
            self.outcomes.setdefault(one["check"], Counter())[one["outcome"]] += 1
            if one["outcome"] == "fail":
                self.failures.append(f"seed {seed}: {one['check']}: {one['cause']}")


async def judge(url: str, model: str, baseline: Baseline, suite: Suite, name: str, seeds: int) -> Told:
    """Every seed's run of the plan `name` against the endpoint at `url`."""
    told, chosen = Told(), plan(name)
    async with client(url, model) as asking:
        remembering = Remembering(asking.ask)
        for seed in range(seeds):
            settings = Settings(
                plan=chosen.name,
                seed=seed,
                max_requests=chosen.max_requests,
                decide_only=chosen.decide_only,
                estimation_prompts=chosen.estimation_prompts,
            )
            named = {"base_url": url, "upstream_model": model}
            dialogue = verification(baseline, suite, settings, endpoint=named)
            result = await drive(dialogue, remembering.ask, MemoryStore(), concurrency=AT_ONCE)
            told.take(seed, result)
            say(f"{url} seed {seed}: {result['verdict']}, {len(told.failures)} failures so far")
    return told


def client(url: str, model: str) -> Client:
    """A client that waits for a slow machine."""
    return Client(Target(url, model), policy=EgressPolicy(allow_loopback=True), limits=PATIENT)


async def prepare(urls: Mapping[str, str], model: str, suite: Suite, prompts: int) -> Baseline:
    """Recorded from the reference with behaviour, and calibrated with the others."""
    from verifier.lab.chat_template import chat_template

    async with AsyncExitStack() as stack:
        clients = {name: await stack.enter_async_context(client(url, model)) for name, url in urls.items()}
        recording = record(
            suite, model=model, prompts=prompts, template=ChatTemplate(chat_template()), behaviour=True
        )
        baseline = await drive(recording, clients[REFERENCE].ask, MemoryStore(), concurrency=AT_ONCE)
        say(f"recorded {len(baseline.contexts)} contexts and {len(baseline.behaviour)} checks of behaviour")
        for name in clients:
            if name == REFERENCE:
                continue
            dialogue = calibrate(baseline, suite, name=name, label=name, role=Role.HONEST, quantization=None)
            baseline = await drive(dialogue, clients[name].ask, MemoryStore(), concurrency=AT_ONCE)
    return baseline


def show(found: Mapping[str, Told]) -> int:
    """A row for each check of each deployment; how many failed."""
    for name, told in found.items():
        print(f"{name}: {', '.join(f'{word} {n}' for word, n in told.verdicts.most_common())}")
        for check, outcomes in told.outcomes.items():
            print(f"  {check:<22}{', '.join(f'{word} {n}' for word, n in outcomes.most_common())}")
        for failure in told.failures:
            print(f"  FAILED {failure}")
    return sum(len(told.failures) for told in found.values())


def say(text: str) -> None:
    """How far it is, on stderr."""
    print(text, file=sys.stderr, flush=True)


async def bench(seeds: int, prompts: int, name: str) -> dict[str, Told]:
    """The whole of it on the lab."""
    from verifier.lab.serve import serving
    from verifier.lab.source import MODEL

    suite = load("core")
    with serving((REFERENCE, *CALIBRATING)) as lab:
        baseline = await prepare(lab, MODEL, suite, prompts)
    with serving(HEALTHY) as lab:
        told = await asyncio.gather(
            *(judge(lab[one], MODEL, baseline, suite, name, seeds) for one in HEALTHY)
        )
    return dict(zip(HEALTHY, told, strict=True))


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 where nothing failed."""
    parser = argparse.ArgumentParser(
        prog="make bench-healthy", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--prompts", type=int, default=PROMPTS, help="prompts of the baseline")
    parser.add_argument("--plan", default="core")
    args = parser.parse_args(arguments)
    failed = show(asyncio.run(bench(args.seeds, args.prompts, args.plan)))
    print(f"{failed} failures in {args.seeds} runs of each of {len(HEALTHY)} healthy deployments")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
