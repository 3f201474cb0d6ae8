"""`make bench-broken`: what the lab breaks is found, with the real model, by the check meant for it alone.

tests/verifier/checks/test_confusion.py holds the same on a made-up model that obeys everything. Here the
lab's own broken deployments serve the real one: a baseline with behaviour is recorded from the reference, and
every check of behaviour is put to each of them, and to the same weights served as they are. A check that has
nothing to go by with these, as where the reference itself calls no tools, cannot be asked to find what is
broken, and is told with its own words.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Generator, Mapping, Sequence

from tests.bench.healthy import AT_ONCE, REFERENCE, client, prepare, say
from tests.verifier.everyday import asked
from tests.verifier.meant import FOUND, MEANT
from verifier.baseline.model import Baseline
from verifier.checks import capabilities
from verifier.checks.base import Ask, Finding, Observation, Outcome
from verifier.checks.session import Session, Settings
from verifier.lab.gateways import PASS
from verifier.lab.gateways.slow import SECONDS
from verifier.runner import MemoryStore, drive
from verifier.scoring.speed import first_token
from verifier.suites import Suite, load

AS_IT_IS = "bf16-flash"
PROMPTS = 40

Told = Mapping[str, Finding]


def looked(session: Session) -> Generator[Ask, Sequence[Observation], dict[str, Finding]]:
    """What the endpoint offers, and then what each check of behaviour finds."""
    yield from capabilities.CHECK.run(session)
    return (yield from asked(session))


async def put(url: str, model: str, baseline: Baseline, suite: Suite, seed: int) -> tuple[Told, float]:
    """What every check finds of one deployment, and its median time to the first token in ms."""
    session = Session(suite, baseline, Settings(plan="core", seed=seed))
    async with client(url, model) as asking:
        found = await drive(looked(session), asking.ask, MemoryStore(), concurrency=AT_ONCE)
    speed = first_token(session.observations.values())
    return found, speed["p50"] if speed else 0.0


def wrong(name: str, found: Told, plain: Told) -> list[str]:
    """How what was found of the broken deployment `name` differs from what should be, in words.

    `plain` is what was found of the same weights served as they are: only a check that passes these can be
    asked to find what is broken.
    """
    finders = {check for check, one in found.items() if one.outcome in FOUND}
    able = {check for check, one in plain.items() if one.outcome is Outcome.PASS}
    missed = [f"{name}: {check} found nothing" for check in sorted((MEANT[name] & able) - finders)]
    return missed + [
        f"{name}: {check} was not meant to find: {found[check].cause}"
        for check in sorted(finders - MEANT[name])
    ]


async def bench(seeds: int, prompts: int) -> dict[str, list[tuple[Told, float]]]:
    """By name of what is broken, PASS for nothing: what was found with each seed."""
    from verifier.lab.serve import serving
    from verifier.lab.source import MODEL

    suite = load("core")
    with serving((REFERENCE,)) as lab:
        baseline = await prepare(lab, MODEL, suite, prompts)
    told = {}
    for name in MEANT:
        deployment = AS_IT_IS if name == PASS else f"broken-{name}"
        with serving((deployment,)) as lab:
            told[name] = [await put(lab[deployment], MODEL, baseline, suite, seed) for seed in range(seeds)]
        finders = [sorted(c for c, one in found.items() if one.outcome in FOUND) for found, _ in told[name]]
        say(f"{name}: {finders}")
    return told


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 where each is found by its check alone."""
    parser = argparse.ArgumentParser(prog="make bench-broken", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--prompts", type=int, default=PROMPTS, help="prompts of the baseline")
    args = parser.parse_args(arguments)
    told = asyncio.run(bench(args.seeds, args.prompts))
    complaints: list[str] = []
    for name, runs in told.items():
        for (found, first_ms), (plain, plain_ms) in zip(runs, told[PASS], strict=True):
            finders = {check: str(one.cause) for check, one in found.items() if one.outcome in FOUND}
            said = "; ".join(f"{check}: {cause}" for check, cause in finders.items()) or "nothing found"
            print(f"{name:<16}first token {first_ms:5.0f} ms   {said}")
            for check in sorted(MEANT[name]):
                if plain[check].outcome is not Outcome.PASS:
                    print(f"{'':16}{check}: {plain[check].outcome} as it is, too: {plain[check].cause}")
            complaints += wrong(name, found, plain)
            if name == "slow" and first_ms < plain_ms + 500 * SECONDS:
                complaints.append(f"slow: the first token is said to come within {first_ms:.0f} ms")
    for line in complaints:
        print(f"NOT AS MEANT {line}")
    print(f"{len(told)} deployments, {args.seeds} seeds: {len(complaints)} findings not as meant")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
