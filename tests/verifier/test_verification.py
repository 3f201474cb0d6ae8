from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, NAMED, SUITE, baseline, suite_of
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Baseline
from verifier.checks.base import Observation, Probe
from verifier.evidence.bundle import BundleStore, Header, read
from verifier.evidence.canonical import result_text
from verifier.evidence.replay import replay
from verifier.runner import MemoryStore, drive
from verifier.suites import Suite
from verifier.verification import Settings, SuiteMismatch, verification

ENDPOINTS = {
    "honest": Synthetic(noise=HONEST, stack="x"),
    "degraded": Synthetic(noise=INT4, stack="x"),
    "shaky": Synthetic(noise=INT8, fails=0.2),
    "text": Synthetic(noise=INT8, logprobs=False),
    "down": Synthetic(noise=HONEST, dies_after=30),
    "dead": Synthetic(dies_after=0),
}


@cache
def filed() -> Baseline:
    """The baseline as it comes from a file."""
    return Baseline.from_json(baseline().to_json())


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_bundle_judged_again_gives_the_bytes_of_the_run(name: str, tmp_path: Path) -> None:
    """From the answers as they came, through the file, with nothing but the baseline beside it."""
    path = tmp_path / "b.jsonl.gz"
    settings = Settings(seed=9, declared="bf16", max_tokens=220)
    endpoint = ENDPOINTS[name]

    async def ask(probe: Probe) -> Observation:
        await asyncio.sleep(0)
        return replace(endpoint.ask(probe), elapsed=0.1 + len(probe.key) / 7, started_at="2026-01-01")

    with BundleStore(Header(settings, NAMED, baseline().id), path) as store:
        dialogue = verification(baseline(), SUITE, settings, endpoint=NAMED)
        result = asyncio.run(drive(dialogue, ask, store, concurrency=4))
    header, observations = read(path)
    again = replay(verification(filed(), SUITE, header.settings, endpoint=header.endpoint), observations)
    assert result_text(again) == result_text(result)
    assert header.baseline == filed().id == result["baseline"]


def test_a_run_that_died_and_is_resumed_gives_the_same_result_and_asks_nothing_twice() -> None:
    settings = Settings(seed=2)
    whole = MemoryStore()

    def run(store: MemoryStore, endpoint: Synthetic) -> str:
        async def ask(probe: Probe) -> Observation:
            return endpoint.ask(probe)

        dialogue = verification(baseline(), SUITE, settings, endpoint=NAMED)
        return result_text(asyncio.run(drive(dialogue, ask, store, concurrency=3)))

    expected = run(whole, Synthetic(noise=HONEST, stack="x"))
    for cut in (0, 5, len(whole.saved)):
        known = {probe.key: seen for probe, seen in whole.saved[:cut]}
        endpoint = Synthetic(noise=HONEST, stack="x")
        assert run(MemoryStore(known), endpoint) == expected
        assert len(endpoint.asked) == len(whole.saved) - cut
        assert not {probe.key for probe in endpoint.asked} & set(known)


@pytest.mark.parametrize(
    ("suite", "known"),
    [
        (replace(SUITE, sha256="6" * 64), baseline()),
        (suite_of(100), baseline()),
    ],
    ids=["another-hash", "fewer-prompts"],
)
def test_a_baseline_of_another_suite_is_refused_before_anything_is_asked(
    suite: Suite, known: Baseline
) -> None:
    endpoint = Synthetic()
    with pytest.raises(SuiteMismatch, match=r"was recorded with small 1.0 .*record the baseline again"):
        converse(verification(known, suite, Settings(), endpoint=NAMED), endpoint)
    assert not endpoint.asked


def test_an_endpoint_without_an_answer_is_asked_nothing_further() -> None:
    endpoint = Synthetic(dies_after=0)
    result = converse(verification(baseline(), SUITE, Settings(), endpoint=NAMED), endpoint)
    assert len(endpoint.asked) == 1
    assert [finding["check"] for finding in result["findings"]] == ["capabilities"]
