"""One deployment of the lab judged with many seeds: what each run said, as raw figures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tests.bench.answers import NAMED, Answers
from verifier.baseline.model import Baseline
from verifier.runner import MemoryStore, drive
from verifier.suites import Suite
from verifier.verification import Settings, verification

ALPHA = 0.01
KEPT = ("verdict", "decision_tokens", "completion_tokens", "e_value", "stopped_because")


@dataclass(frozen=True, slots=True)
class Job:
    """Judge `name` with each of `seeds`, at each level of evidence; `whole`: with its estimation sample."""

    name: str
    evidence: Sequence[str]
    seeds: Sequence[int]
    whole: bool


def judge(job: Job, baseline: Baseline, suite: Suite, keep: Path | None) -> dict[str, list[dict[str, Any]]]:
    """One raw record per seed, by level of evidence: what one level has asked, the next need not ask."""
    return asyncio.run(_judge(job, baseline, suite, keep))


async def _judge(
    job: Job, baseline: Baseline, suite: Suite, keep: Path | None
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {evidence: [] for evidence in job.evidence}
    async with Answers(job.name, keep) as answers:
        for evidence, seed in product(job.evidence, job.seeds):
            settings = Settings(
                alpha=ALPHA, seed=seed, no_logprobs=evidence == "text", decide_only=not job.whole
            )
            dialogue = verification(baseline, suite, settings, endpoint=NAMED)
            result = await drive(dialogue, answers.ask, MemoryStore(), concurrency=2)
            found[evidence].append(_kept(result, seed))
    return found


def _kept(result: dict[str, Any], seed: int) -> dict[str, Any]:
    cause = result["cause"] or {}
    return {
        "seed": seed,
        **{key: result[key] for key in KEPT},
        "cause": cause.get("name"),
        "support": cause.get("support"),
        "fingerprint": (result["fingerprint"] or {}).get("variant"),
    }
