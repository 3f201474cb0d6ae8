"""The baseline of the bench: recorded from the lab's reference, calibrated with what is known."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from tests.bench.answers import Answers
from tests.bench.reach import ONLY_FULL
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline, Role, Stack
from verifier.baseline.record import record
from verifier.baseline.template import ChatTemplate
from verifier.lab.chat_template import chat_template
from verifier.lab.deployment import Access
from verifier.lab.deployments import DEPLOYMENTS
from verifier.lab.source import MODEL
from verifier.runner import MemoryStore, drive
from verifier.suites import Suite, as_jsonl, load, with_hidden
from verifier.suites.hidden import compose

HIDDEN_SEED = b"assay bench: known to whoever reads this, and to no deployment of the lab"
ROLES = {
    "calibration-honest": Role.HONEST,
    "honest": Role.HONEST,
    "calibration-rung": Role.RUNG,
    "calibration-variant": Role.VARIANT,
}
KNOWN_PROMPTS = 120
"""Prompts that rungs and variants are asked: enough for a place on the ladder and a fingerprint."""
AT_ONCE = 2


def suite_with_hidden(hidden: int) -> Suite:
    """The suite `core` with so many prompts of a hidden pool."""
    suite = load("core")
    if not hidden:
        return suite
    prompts = compose(HIDDEN_SEED, hidden)
    return with_hidden(suite, prompts, hashlib.sha256(as_jsonl(prompts)).hexdigest())


def honest_stacks(full: bool) -> list[str]:
    """The honest deployments whose lists can calibrate: each is left out when it is judged itself."""
    return [
        name
        for name, one in DEPLOYMENTS.items()
        if ROLES.get(one.role) is Role.HONEST
        and one.access == Access()
        and one.proxy is None
        and (full or name not in ONLY_FULL)
    ]


def calibrating(full: bool) -> list[str]:
    """The honest stacks, the ladder's rungs and the known variants."""
    known = [n for n, one in DEPLOYMENTS.items() if one.role in ("calibration-rung", "calibration-variant")]
    return honest_stacks(full) + known


def make(
    suite: Suite, prompts: int | None, full: bool, keep: Path | None, say: Callable[[str], None]
) -> Baseline:
    """Recorded from the reference, then calibrated with everything of known truth, two at a time."""
    baseline = asyncio.run(_record(suite, prompts, keep))
    say(f"recorded {len(baseline.contexts)} contexts of {len(baseline.by_prompt)} prompts")
    names = calibrating(full)
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(stack_of, baseline, suite, name, keep) for name in names]
        stacks: list[Stack] = []
        for name, job in zip(names, jobs, strict=True):
            stacks.append(job.result())
            say(f"calibrated with {name}")
    return replace(baseline, stacks=tuple(stacks))


def without(baseline: Baseline, name: str) -> Baseline:
    """The baseline as it would be if that deployment were unknown."""
    return replace(baseline, stacks=tuple(stack for stack in baseline.stacks if stack.name != name))


def stack_of(baseline: Baseline, suite: Suite, name: str, keep: Path | None) -> Stack:
    """What a deployment answers at the baseline's contexts."""
    one = DEPLOYMENTS[name]
    dialogue = calibrate(
        baseline,
        suite,
        name=name,
        label=one.label,
        role=ROLES[one.role],
        quantization=None if ROLES[one.role] is Role.HONEST else one.quantization,
        cause="" if one.cause == "none" else one.cause,
        prompts=None if ROLES[one.role] is Role.HONEST else KNOWN_PROMPTS,
    )

    async def ask() -> Baseline:
        async with Answers(name, keep) as answers:
            return await drive(dialogue, answers.ask, MemoryStore(), concurrency=2)

    return asyncio.run(ask()).stacks[-1]


async def _record(suite: Suite, prompts: int | None, keep: Path | None) -> Baseline:
    dialogue = record(suite, model=MODEL, prompts=prompts, template=ChatTemplate(chat_template()))
    async with Answers("reference", keep) as answers:
        return await drive(dialogue, answers.ask, MemoryStore(), concurrency=2)


def names(roles: Sequence[str], full: bool) -> list[str]:
    """The lab's deployments of the given roles that are judged."""
    judged = [name for name, one in DEPLOYMENTS.items() if one.role in roles]
    return judged if full else [name for name in judged if name not in ONLY_FULL]
