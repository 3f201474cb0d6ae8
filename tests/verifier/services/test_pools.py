"""A hidden pool is part of what a baseline was recorded with; without it nothing is judged by halves."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.verifier import world
from tests.verifier.conftest import Toys
from tests.verifier.services.measuring import register_references
from verifier import services
from verifier.baseline import files
from verifier.models import Baseline, BaselineState, Run, RunState
from verifier.services.pools import suite_named, suite_of
from verifier.suites import HIDDEN, Prompt, as_jsonl, load

pytestmark = pytest.mark.django_db
PUBLIC = len(load("core").prompts)


def pool(path: Path, word: str = "amber", size: int = 12) -> Path:
    prompts = [
        Prompt(f"h{n:03d}", "question", "en", ({"role": "user", "content": f"What of {word} and {n}?"},))
        for n in range(size)
    ]
    path.write_bytes(as_jsonl(prompts))
    return path


def test_the_server_adds_the_pool_that_is_configured(tmp_path: Path, settings: Settings) -> None:
    assert suite_named("core").hidden_sha256 is None
    settings.HIDDEN_POOL = pool(tmp_path / "pool.jsonl")
    assert suite_named("core").hidden_sha256 is not None
    assert len(suite_named("core").prompts) == PUBLIC + 12


def test_a_baseline_without_a_pool_is_used_without_one(tmp_path: Path, settings: Settings) -> None:
    baseline = world.ready_baseline()
    settings.HIDDEN_POOL = pool(tmp_path / "pool.jsonl")
    assert len(suite_of(baseline).prompts) == PUBLIC


def test_a_baseline_remembers_the_pool_it_was_recorded_with(
    tmp_path: Path, settings: Settings, toys: Toys
) -> None:
    register_references(toys)
    settings.HIDDEN_POOL = pool(tmp_path / "pool.jsonl")
    queued = services.queue_baseline(world.model(), prompts=16)
    services.record_baseline(queued.pk)
    baseline = Baseline.objects.get(pk=queued.pk)
    assert baseline.state == BaselineState.READY, baseline.error
    recorded = files.load(bytes(baseline.data or b""))
    assert baseline.hidden_sha256 == recorded.hidden_sha256 == suite_named("core").hidden_sha256
    assert any(prompt_id.startswith("h") for prompt_id in recorded.by_prompt)
    assert {p.pool for p in suite_of(baseline).prompts} == {"public", HIDDEN}

    server = toys()
    endpoint = world.endpoint(server.base_url)
    for path, said in ((None, "this worker has none"), (pool(tmp_path / "b.jsonl", "flint"), "the one of")):
        settings.HIDDEN_POOL = path
        run = services.queue_run(endpoint)
        services.execute_run(run.pk)
        run = Run.objects.get(pk=run.pk)
        assert (run.state, run.verdict) == (RunState.FAILED, "")
        assert said in run.error
        assert "Set ASSAY_HIDDEN_POOL" in run.error
        with pytest.raises(services.BaselineNotPossible, match="Only a ready baseline"):
            services.queue_baseline(world.model(), extends=baseline)
    assert server.bodies == []


def test_a_baseline_that_drew_no_hidden_prompt_needs_no_pool(
    tmp_path: Path, settings: Settings, toys: Toys
) -> None:
    register_references(toys)
    settings.HIDDEN_POOL = pool(tmp_path / "pool.jsonl", size=1)
    queued = services.queue_baseline(world.model(), prompts=2)
    assert queued.hidden_sha256
    services.record_baseline(queued.pk)
    queued.refresh_from_db()
    assert (queued.state, queued.hidden_sha256) == (BaselineState.READY, "")
    extension = services.queue_baseline(world.model(), prompts=8, extends=queued)
    assert extension.hidden_sha256, "what is added may come from the pool"
