"""The order of the demo's steps. The worker's part is played by writing what it would have written."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rich.console import Console

from leaderboard.demo import stages
from leaderboard.demo.display import Display
from leaderboard.demo.stages import LabTalk, Stages, Stuck, calibrating, judged, needed_first, right
from leaderboard.demo.table import build
from verifier import services
from verifier.lab.deployments import DEPLOYMENTS
from verifier.models import Baseline, Endpoint, Reference, Run

PORTS = {name: 40000 + number for number, name in enumerate(DEPLOYMENTS)}
EVERYTHING = {name for name, one in DEPLOYMENTS.items() if one.demo}


@pytest.fixture
def demo(db: None, settings: Settings) -> Stages:
    settings.EGRESS_ALLOW = frozenset(f"127.0.0.1:{port}" for port in PORTS.values())
    return Stages(
        {name: PORTS[name] for name in [*calibrating(), "f32", "q8_0", "int4-g64", "nf4", "stranger"]}
    )


def ready(baseline: Baseline | None) -> None:
    assert baseline is not None
    Baseline.objects.filter(pk=baseline.pk).update(state="ready", data=b"x", digest="sha256:x")


def ended(name: str, verdict: str, fidelity: float = 97.0) -> None:
    result = {
        "verdict": verdict,
        "decision_tokens": 5,
        "completion_tokens": 120,
        "declaration": {"measured": "int8"},
    }
    Run.objects.filter(endpoint__variant=name, state="queued").update(
        state="complete",
        verdict=verdict,
        result=result,
        fidelity=fidelity,
        fidelity_low=fidelity - 1,
        fidelity_high=fidelity + 1,
        started=timezone.now(),
        ended=timezone.now(),
        announced=timezone.now(),
    )


def queued() -> set[str]:
    return set(Run.objects.filter(state="queued").values_list("endpoint__variant", flat=True))


def test_who_is_judged_and_who_calibrates() -> None:
    assert calibrating()[0] == "reference"
    assert set(calibrating()) | set(judged(list(DEPLOYMENTS))) == EVERYTHING
    assert not set(calibrating()) & set(judged(list(DEPLOYMENTS)))
    assert judged(["reference", "f32", "stranger"]) == ["stranger", "f32"]
    assert set(calibrating()) < set(needed_first(list(DEPLOYMENTS)))


def test_the_demo_serves_its_own_few_of_the_lab() -> None:
    assert len(EVERYTHING) < len(DEPLOYMENTS)
    assert judged(list(DEPLOYMENTS)) == judged(list(EVERYTHING))
    further = next(name for name, one in DEPLOYMENTS.items() if not one.demo and one.role == "degraded")
    assert judged([further]) == []


def test_everything_is_registered_as_a_dishonest_provider_would(demo: Stages) -> None:
    assert Reference.objects.count() == len(calibrating())
    reference = Reference.objects.get(role="reference")
    assert reference.name == "reference"
    assert "<|im_start|>" in reference.chat_template
    assert reference.cause == ""
    assert set(Reference.objects.filter(role="rung").values_list("cause", flat=True)) == {
        "weight quantization"
    }
    coarse = Endpoint.objects.get(variant="int4-g64")
    assert (coarse.declared_quantization, coarse.is_control, coarse.control_truth) == (
        "bf16",
        True,
        "degraded",
    )
    assert Endpoint.objects.get(variant="f32").control_truth == "honest"
    assert coarse.provider.is_lab


def test_the_order_of_things(demo: Stages) -> None:
    assert not demo.advance(set())
    assert not Baseline.objects.exists()
    assert not demo.advance({"reference"})
    ready(demo.short)
    assert not demo.advance(EVERYTHING)
    assert queued() == {"stranger", "nf4", "int4-g64"}  # as many as the worker can do
    assert not Baseline.objects.filter(extends=demo.short).exists()
    ended("stranger", "different-model")
    assert not demo.advance(EVERYTHING)
    assert demo.long is not None
    assert demo.long.extends == demo.short
    assert demo.long.prompts == stages.LONG
    assert queued() == {"nf4", "int4-g64", "q8_0"}
    for name in ("nf4", "int4-g64", "q8_0"):
        ended(name, "deviating")
    demo.advance(EVERYTHING)
    ended("f32", "inconclusive", 99.4)
    assert not demo.advance(EVERYTHING)  # the longer baseline may settle it
    assert queued() == set()
    ready(demo.long)
    assert not demo.advance(EVERYTHING)
    assert queued() == {"f32"}
    ended("f32", "faithful", 99.4)
    assert demo.advance(EVERYTHING)
    runs = demo.runs()
    assert all(right(DEPLOYMENTS[name], run) for name, run in runs.items())
    assert demo.tokens("f32") == 240
    assert Run.objects.count() == 6


def test_known_variants_are_registered_with_their_cause(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name, variant), *_ = ((n, d) for n, d in DEPLOYMENTS.items() if d.role == "calibration-variant")
    monkeypatch.setitem(stages.SHOWN, name, replace(variant, demo=True))
    assert name in calibrating()
    settings.EGRESS_ALLOW = frozenset(f"127.0.0.1:{port}" for port in PORTS.values())
    Stages({name: PORTS[name] for name in calibrating()})
    registered = Reference.objects.get(name=name)
    assert (registered.role, registered.cause) == ("variant", variant.cause)
    assert registered.chat_template == ""


def test_the_servers_own_confirming_runs_are_waited_for(demo: Stages) -> None:
    demo.advance(EVERYTHING)
    ready(demo.short)
    demo.advance(EVERYTHING)
    ended("stranger", "different-model")
    stranger = Endpoint.objects.get(variant="stranger")
    confirming = services.queue_run(stranger, trigger="confirmation")
    demo.advance(EVERYTHING)
    assert queued() == {"stranger", "nf4", "int4-g64"}, "no more than the worker can do"
    for name in ("nf4", "int4-g64"):
        ended(name, "deviating")
    demo.advance(EVERYTHING)
    for name in ("q8_0", "f32"):
        ended(name, "deviating")
    assert not demo.advance(EVERYTHING)
    ended("stranger", "different-model")
    assert demo.advance(EVERYTHING)
    assert demo.runs()["stranger"].pk != confirming.pk


def test_what_the_longer_baseline_leaves_open_stays_open(demo: Stages) -> None:
    demo.advance(EVERYTHING)
    ready(demo.short)
    demo.advance(EVERYTHING)
    ended("stranger", "different-model")
    demo.advance(EVERYTHING)
    ready(demo.long)
    for name in demo.expected:
        demo.advance(EVERYTHING)
        ended(name, "inconclusive")
    demo.advance(EVERYTHING)
    for name in queued():
        ended(name, "inconclusive")
    assert demo.advance(EVERYTHING)
    assert not right(DEPLOYMENTS["f32"], demo.runs()["f32"])


def test_a_baseline_that_came_too_early_is_recorded_again(demo: Stages) -> None:
    demo.advance({"reference"})
    early = demo.short
    Baseline.objects.update(state="failed", error="INT8 per row did not answer")
    assert not demo.advance({"reference"})
    assert demo.short == early
    demo.advance(EVERYTHING)
    demo.advance(EVERYTHING)
    assert demo.short is not None
    assert demo.short != early
    Baseline.objects.update(state="failed", error="no logprobs")
    with pytest.raises(Stuck, match="no logprobs"):
        demo.advance(EVERYTHING)


def test_a_failed_extension_ends_the_demo_only_where_it_is_needed(demo: Stages) -> None:
    demo.advance(EVERYTHING)
    ready(demo.short)
    demo.advance(EVERYTHING)
    ended("stranger", "different-model")
    demo.advance(EVERYTHING)
    assert demo.long is not None
    Baseline.objects.filter(pk=demo.long.pk).update(state="failed", error="gone")
    demo.advance(EVERYTHING)
    ended("nf4", "inconclusive")
    with pytest.raises(Stuck, match="The longer baseline could not be recorded: gone"):
        demo.advance(EVERYTHING)


def test_the_lab_is_heard_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "lab.jsonl"
    talk = LabTalk(path)
    path.write_bytes(b'{"built": "official", "done": 1, "total": 3}\n{"ready": "refe')
    assert talk.listen().ready == set()
    assert talk.built == (1, 3)
    with path.open("ab") as file:
        file.write(b'rence"}\n')
    assert talk.listen().ready == {"reference"}


def board(demo: Stages) -> dict[str, Any]:
    rows = [
        {"endpoint": {"id": str(endpoint.pk)}, "rank": {"place": place, "tied": place == 2}}
        for place, endpoint in enumerate(
            Endpoint.objects.filter(variant__in=["q8_0", "nf4"]).order_by("variant"), 1
        )
    ]
    return {"model": {"org": "toy", "name": "one"}, "rows": rows}


def test_what_is_shown(demo: Stages) -> None:
    demo.advance(EVERYTHING)
    ready(demo.short)
    demo.advance(EVERYTHING)
    ended("nf4", "deviating")
    ended("stranger", "faithful")
    demo.advance(EVERYTHING)
    output = io.StringIO()
    with Display(Console(file=output, width=120)) as display:
        display.lab(len(PORTS), len(PORTS), [(3, 3)])
        assert demo.short is not None
        display.baseline("baseline", demo.short)
        for _ in range(3):
            display.runs(demo.runs(), 5)
    said = output.getvalue()
    assert said.count("Lab: NF4: ▲ deviating, fidelity 97.00 [96.00, 98.00], 0 s") == 1
    assert "The baseline is recorded and calibrated" in said
    finished = {name: Run.objects.get(pk=run.pk) for name, run in demo.runs().items()}
    Console(file=output, width=120).print(build(board(demo), finished, dict.fromkeys(finished, 120)))
    table = output.getvalue()
    assert "▲ deviating" in table
    assert "5 / 120" in table
    assert "int8" in table


def test_on_a_terminal_bars_move(demo: Stages) -> None:
    demo.advance(EVERYTHING)
    output = io.StringIO()
    with Display(Console(file=output, force_terminal=True, width=120)) as display:
        display.lab(3, 26, [(1, 18)])
        assert demo.short is not None
        demo.short.state, demo.short.done, demo.short.planned = "recording", 5, 120
        demo.short.stage = "reference answers"
        display.baseline("baseline", demo.short)
        display.runs(demo.runs(), 5)
    assert "reference answers" in output.getvalue()
