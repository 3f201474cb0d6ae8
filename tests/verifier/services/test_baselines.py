from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from tests.verifier import world
from tests.verifier.conftest import Toys
from tests.verifier.services.measuring import PROMPTS, Measured, register_references
from verifier import services
from verifier.baseline import files
from verifier.baseline.record import record
from verifier.models import Baseline, BaselineState, RecordedAnswer, ReferenceRole
from verifier.services import baselines
from verifier.suites.loader import SuiteError

pytestmark = pytest.mark.django_db


def test_without_a_reference_no_baseline_is_queued() -> None:
    with pytest.raises(services.BaselineNotPossible, match="Register one"):
        services.queue_baseline(world.model())
    world.reference()
    with pytest.raises(SuiteError):
        services.queue_baseline(world.model(), suite_name="no-such-suite")
    assert not Baseline.objects.exists()


def test_a_baseline_holds_the_reference_and_every_stack(toys: Toys) -> None:
    register_references(toys)
    baseline = services.queue_baseline(world.model(), prompts=PROMPTS)
    services.record_baseline(baseline.pk)
    baseline.refresh_from_db()
    recorded = files.load(bytes(baseline.data or b""))
    assert baseline.digest == recorded.id
    assert recorded.model == "toy/one"
    assert len(recorded.by_prompt) == PROMPTS
    assert [(stack.name, str(stack.role)) for stack in recorded.stacks] == [
        ("another-stack", "honest"),
        ("coarse", "rung"),
    ]
    assert recorded.prefix_style is not None
    assert baseline.done == baseline.planned == RecordedAnswer.objects.count()
    assert baseline.ended is not None


@pytest.mark.parametrize(("plan", "wanted"), [("weights", False), ("core", True)])
def test_behaviour_is_recorded_where_runs_ask_about_it(
    plan: str, wanted: bool, toys: Toys, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reference(toys().base_url)
    settings.RUN_PLAN = plan
    asked: list[bool] = []

    def without(*given: Any, behaviour: bool, **more: Any) -> Any:
        asked.append(behaviour)
        return record(*given, **more)  # all of it would be a thousand requests

    monkeypatch.setattr(baselines, "record", without)
    services.record_baseline(services.queue_baseline(world.model(), prompts=2).pk)
    assert asked == [wanted]


def test_known_variants_come_with_their_cause_and_stay_off_the_ladder(toys: Toys) -> None:
    register_references(toys)
    world.reference(
        toys(noise=1.0).base_url,
        role=ReferenceRole.VARIANT,
        name="small-cache",
        cause="kv-cache quantization",
    )
    baseline = services.queue_baseline(world.model(), prompts=6)
    services.record_baseline(baseline.pk)
    baseline.refresh_from_db()
    recorded = files.load(bytes(baseline.data or b""))
    assert [(stack.name, str(stack.role), stack.cause) for stack in recorded.stacks] == [
        ("another-stack", "honest", ""),
        ("coarse", "rung", ""),
        ("small-cache", "variant", "kv-cache quantization"),
    ]


def test_the_references_template_is_used_to_ask_raw_text(toys: Toys) -> None:
    template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    reference = world.reference(toys().base_url, chat_template=template)
    assert reference.chat_template == template
    baseline = services.queue_baseline(world.model(), prompts=6)
    services.record_baseline(baseline.pk)
    baseline.refresh_from_db()
    assert baseline.state == BaselineState.READY, baseline.error
    asked = baseline.answers.filter(key__endswith="/raw")
    assert asked.count() > 0
    assert all(answer.request["api"] == "completions" for answer in asked)


def test_prompts_that_the_template_refuses_are_not_asked_as_raw_text(toys: Toys) -> None:
    world.reference(toys().base_url, chat_template="{{ raise_exception('only one turn') }}")
    baseline = services.queue_baseline(world.model(), prompts=4)
    services.record_baseline(baseline.pk)
    baseline.refresh_from_db()
    assert baseline.state == BaselineState.READY, baseline.error
    assert not baseline.answers.filter(key__endswith="/raw").exists()


def test_a_recording_that_ran_out_of_time_goes_on_where_it_was(toys: Toys, settings: Settings) -> None:
    servers = register_references(toys)
    baseline = services.queue_baseline(world.model(), prompts=PROMPTS, calibration_prompts=10)
    settings.RUN_SECONDS, settings.HEARTBEAT_SECONDS = 0.0, 0.05
    services.record_baseline(baseline.pk)
    baseline.refresh_from_db()
    kept = RecordedAnswer.objects.count()
    assert (baseline.state, baseline.lease_token) == (BaselineState.QUEUED, None)
    assert kept > 0
    settings.RUN_SECONDS = 60.0
    services.record_baseline(baseline.pk)
    baseline.refresh_from_db()
    assert baseline.state == BaselineState.READY
    asked = sum(len(server.bodies) for server in servers)
    assert (
        RecordedAnswer.objects.count() <= asked <= RecordedAnswer.objects.count() + settings.RUN_CONCURRENCY
    )


def test_calibrating_may_ask_fewer_prompts(toys: Toys) -> None:
    register_references(toys)
    queued = services.queue_baseline(world.model(), prompts=PROMPTS, calibration_prompts=10)
    services.record_baseline(queued.pk)
    recorded = files.load(bytes(Baseline.objects.get(pk=queued.pk).data or b""))
    for stack in recorded.stacks:
        assert len({key.rpartition("/")[0] for key in stack.answers}) == 10


def test_a_deployment_that_does_not_answer_fails_the_baseline_with_its_name(toys: Toys) -> None:
    *_, coarse = register_references(toys)
    coarse.failing = True
    queued = services.queue_baseline(world.model(), prompts=4)
    services.record_baseline(queued.pk)
    queued.refresh_from_db()
    assert queued.state == BaselineState.FAILED
    assert "Coarse" in queued.error
    assert "Assay itself failed" not in queued.error


def test_a_baseline_done_is_not_done_again(measured: Measured) -> None:
    before = RecordedAnswer.objects.count()
    services.record_baseline(measured.baseline.pk)
    assert RecordedAnswer.objects.count() == before


def test_an_extension_keeps_what_is_known_and_asks_only_for_more(measured: Measured, toys: Toys) -> None:
    known = files.load(bytes(measured.baseline.data or b""))
    queued = services.queue_baseline(world.model(), prompts=PROMPTS + 6, extends=measured.baseline)
    services.record_baseline(queued.pk)
    queued.refresh_from_db()
    longer = files.load(bytes(queued.data or b""))
    assert queued.state == BaselineState.READY
    assert len(longer.by_prompt) == PROMPTS + 6
    assert set(known.contexts) < set(longer.contexts)
    assert longer.stacks == known.stacks
    asked = {key.partition("/")[0] for key in queued.answers.values_list("key", flat=True)} - {"style"}
    assert len(asked) == 6
    assert not asked & set(known.by_prompt)
    assert {answer.reference_id for answer in queued.answers.all()} == {queued.reference_id}

    same = services.queue_baseline(world.model(), prompts=5, extends=measured.baseline)
    services.record_baseline(same.pk)
    same.refresh_from_db()
    assert same.digest == measured.baseline.digest


def test_only_a_ready_baseline_of_the_same_reference_is_extended(measured: Measured) -> None:
    waiting = services.queue_baseline(world.model())
    with pytest.raises(services.BaselineNotPossible, match="Only a ready baseline"):
        services.queue_baseline(world.model(), extends=waiting)
    world.reference("https://1.1.1.1/v1", name="newer")
    with pytest.raises(services.BaselineNotPossible, match="Only a ready baseline"):
        services.queue_baseline(world.model(), extends=measured.baseline)
