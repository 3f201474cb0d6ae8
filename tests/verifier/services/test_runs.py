from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from cryptography.fernet import Fernet
from django.db.models import F
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tests.verifier import world
from tests.verifier.engine import Behaving
from tests.verifier.services.measuring import Measured
from tests.verifier.synthetic_server import serving
from verifier import services, signals
from verifier.models import Baseline, Finding, IllegalTransition, Observation, Run, RunState, Verdict
from verifier.services import working
from verifier.services.jobs import RUNS
from verifier.services.leases import LeaseLost, take
from verifier.services.schedule import LOOK_SETTINGS
from verifier.services.working import under_lease

pytestmark = pytest.mark.django_db
KEY = "sk-CANARY0123456789abcdef"


def execute(run: Run) -> Run:
    services.execute_run(run.pk)
    run.refresh_from_db()
    return run


@contextmanager
def listening(listener: Any) -> Iterator[None]:
    signals.run_ended.connect(listener, weak=False)
    try:
        yield
    finally:
        signals.run_ended.disconnect(listener)


def test_what_cannot_be_queued_says_why() -> None:
    endpoint = world.endpoint()
    with pytest.raises(services.RunNotPossible, match="no ready baseline"):
        services.queue_run(endpoint)
    world.ready_baseline()
    for wrong in ({"alpha": 2}, {"colour": "red"}, {"plan": "grand"}):
        with pytest.raises(services.RunNotPossible, match="settings are not possible"):
            services.queue_run(endpoint, settings=wrong)
    services.queue_run(endpoint)
    with pytest.raises(services.RunNotPossible, match="already queued or running"):
        services.queue_run(endpoint)
    assert Run.objects.count() == 1


def test_a_run_remembers_seed_settings_and_declaration() -> None:
    world.ready_baseline()
    run = services.queue_run(world.endpoint(declared_quantization="fp8"), settings={"alpha": 0.05})
    assert run.settings == {"alpha": 0.05, "declared": "fp8", "accuse_at": 20.0, "start": 0}
    assert 0 <= run.seed < 2**32
    silent = services.queue_run(world.endpoint(variant="silent"), seed=7)
    assert (silent.seed, silent.settings["declared"]) == (7, None)


def test_runs_follow_the_plan_of_the_server(settings: Settings) -> None:
    world.ready_baseline()
    settings.RUN_PLAN = "smoke"
    asked = services.queue_run(world.endpoint()).settings
    assert (asked["plan"], asked["max_requests"], asked["decide_only"]) == ("smoke", 59, True)
    look = services.queue_run(world.endpoint(variant="watched"), settings=LOOK_SETTINGS).settings
    assert (look["plan"], look["max_requests"]) == ("weights", LOOK_SETTINGS["max_requests"])
    deep = services.queue_run(world.endpoint(variant="deep"), settings={"plan": "deep", "max_requests": 900})
    assert (deep.settings["estimation_prompts"], deep.settings["max_requests"]) == (120, 900)


def test_how_the_evidence_grew_is_kept(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(working, "MOST_POINTS", 5)
    endpoint, _ = measured.offer()
    run = execute(services.queue_run(endpoint, seed=1, settings={"decide_only": True}))
    assert run.result is not None
    assert 1 < len(run.course) <= 5
    done, deviations, _ = zip(*run.course, strict=True)
    assert list(done) == sorted(done)
    assert list(deviations) == sorted(deviations)
    assert 1.0 <= deviations[-1] <= run.result["e_values"]["accusation"]


def test_behaviour_is_part_of_the_grade_where_the_plan_asks_about_it(
    measured: Measured, settings: Settings
) -> None:
    with serving(Behaving()) as server:
        settings.EGRESS_ALLOW = {*settings.EGRESS_ALLOW, f"127.0.0.1:{server.server_address[1]}"}
        endpoint = world.endpoint(server.url, variant="obeys")
        run = execute(services.queue_run(endpoint, seed=1, settings={"plan": "smoke"}))
        assert server.requests < 60
    assert run.result is not None
    assert run.result["plan"] == "smoke"
    asked = set(run.findings.values_list("check_name", flat=True))
    assert asked >= {"parameters", "streaming", "usage", "errors", "reliability", "self_disclosure"}
    assert not {"parameters", "errors", "reliability"} & set(run.result["grade"]["unknown"])


def test_a_lone_accusation_holds_its_own_among_all_that_are_listed() -> None:
    world.ready_baseline()
    endpoints = [world.endpoint(variant=f"v{number}") for number in range(7)]
    assert services.queue_run(endpoints[0]).settings["accuse_at"] == pytest.approx(140.0)
    assert services.queue_run(endpoints[1], settings={"alpha": 0.001}).settings["accuse_at"] == 1000.0
    chosen = services.queue_run(endpoints[2], settings={"accuse_at": 50.0})
    assert chosen.settings["accuse_at"] == 50.0
    world.endpoint(variant="v6", listed=False)
    assert services.queue_run(endpoints[3]).settings["accuse_at"] == pytest.approx(120.0)


def test_runs_of_one_endpoint_go_on_in_the_suite_where_the_last_one_ended(measured: Measured) -> None:
    endpoint, _ = measured.offer(noise=6.0)
    first = execute(services.queue_run(endpoint))
    assert first.result is not None
    assert first.prompts == first.result["prompts"] > 0
    assert first.accusation == first.result["e_values"]["accusation_now"]
    second = services.queue_run(endpoint)
    assert (second.seed, second.settings["start"]) == (first.seed, first.prompts)
    services.cancel_run(second.pk)
    confirming = services.confirm_run(endpoint)
    assert confirming.trigger == "confirmation"
    assert confirming.seed != first.seed
    assert confirming.settings["start"] == 0
    services.cancel_run(confirming.pk)
    third = services.queue_run(endpoint)
    assert third.seed == first.seed, "a confirming run does not change the endpoint's own order"


def test_no_endpoint_is_asked_to_confirm_more_than_twice_a_day() -> None:
    world.ready_baseline()
    endpoint = world.endpoint()
    for _ in range(2):
        services.cancel_run(services.confirm_run(endpoint).pk)
    with pytest.raises(services.RunNotPossible, match="had 2 confirming runs within a day"):
        services.confirm_run(endpoint)
    Run.objects.update(created=F("created") - timedelta(days=1))
    services.confirm_run(endpoint)
    with pytest.raises(services.RunNotPossible, match="already queued or running"):
        services.confirm_run(endpoint)


def test_a_degraded_endpoint_is_found_out_and_everything_is_kept(
    measured: Measured, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    endpoint, server = measured.offer(noise=6.0)
    heard: list[dict[str, Any]] = []
    with listening(lambda **told: heard.append(told)), django_capture_on_commit_callbacks(execute=True):
        run = execute(services.queue_run(endpoint, seed=1))
    run.refresh_from_db()
    assert (run.state, run.verdict) == (RunState.COMPLETE, Verdict.DEVIATING)
    assert run.result is not None
    assert run.result["verdict"] == "deviating"
    assert run.result["declaration"]["state"] == "broken"
    assert run.fidelity == run.result["fidelity"]["value"]
    assert run.policy_version == run.result["versions"]["policy"]
    assert run.ended is not None
    assert run.announced is not None
    assert run.lease_token is None
    assert [f.check_name for f in run.findings.all()] == [f["check"] for f in run.result["findings"]]
    assert run.observations.count() == len(server.bodies) == run.done
    assert list(run.observations.values_list("sequence", flat=True)) == list(range(1, run.done + 1))
    assert [(told["run_id"], told["state"]) for told in heard] == [(run.pk, "complete")]


def test_the_same_weights_are_not_accused(measured: Measured) -> None:
    endpoint, _ = measured.offer()
    run = execute(services.queue_run(endpoint, seed=1))
    assert run.verdict in {Verdict.FAITHFUL, Verdict.INCONCLUSIVE}
    assert run.fidelity == 100.0


def test_a_run_that_was_interrupted_asks_for_nothing_twice(measured: Measured, settings: Settings) -> None:
    endpoint, server = measured.offer(noise=6.0)
    run = services.queue_run(endpoint, seed=1)
    settings.RUN_SECONDS, settings.HEARTBEAT_SECONDS = 0.0, 0.05
    execute(run)
    assert run.state == RunState.QUEUED
    before = run.observations.count()
    assert before > 0
    settings.RUN_SECONDS = 60.0
    execute(run)
    assert run.state == RunState.COMPLETE
    assert run.deliveries == 2
    assert run.observations.count() > before
    assert len(server.bodies) <= run.observations.count() + settings.RUN_CONCURRENCY
    assert not run.observations.filter(attempt__gt=1).exists()

    whole_endpoint, _ = measured.offer(noise=6.0)
    whole = execute(services.queue_run(whole_endpoint, seed=1))
    assert whole.result is not None
    assert run.result is not None
    for key in ("verdict", "fidelity", "e_value", "decision_tokens", "contexts", "requests"):
        assert run.result[key] == whole.result[key]


def test_what_failed_on_our_side_is_asked_again_after_a_resume(
    measured: Measured, settings: Settings
) -> None:
    endpoint, server = measured.offer()
    run = services.queue_run(endpoint)
    lease = take(RUNS, run.pk)
    assert lease is not None
    first = {"api": "chat/completions", "body": {}}
    Observation.objects.create(
        run=run,
        sequence=1,
        key="refused",
        purpose="decision",
        request=first,
        status="error",
        fault="egress-refused",
        payload={"key": "refused", "status": "error", "fault": "egress-refused"},
    )
    from verifier.services.spending import account_of
    from verifier.services.working import AnswerStore

    store = AnswerStore(lease, Observation, {"run_id": run.pk}, account_of(run))
    assert async_to_sync(store.known)() == {}
    assert server.bodies == []


def test_a_complete_run_is_not_done_again(measured: Measured) -> None:
    endpoint, server = measured.offer(noise=6.0)
    run = execute(services.queue_run(endpoint))
    asked, ended = len(server.bodies), run.ended
    execute(run)
    assert (len(server.bodies), run.ended) == (asked, ended)
    services.execute_run(uuid.uuid4())


def test_an_endpoint_that_is_down_is_not_measured_and_that_is_not_our_failure(
    measured: Measured,
) -> None:
    endpoint, server = measured.offer()
    server.failing = True
    run = execute(services.queue_run(endpoint))
    assert (run.state, run.verdict, run.fidelity) == (RunState.COMPLETE, Verdict.NOT_MEASURED, None)
    assert Finding.objects.filter(run=run, outcome="faulty").exists()


def test_the_key_is_sent_and_kept_nowhere(measured: Measured) -> None:
    endpoint, server = measured.offer(noise=6.0, key=KEY)
    services.set_credential(endpoint, KEY)
    good = execute(services.queue_run(endpoint))
    assert good.verdict == Verdict.DEVIATING
    server.key = KEY + "x"  # the server now echoes the key it refuses
    bad = execute(services.queue_run(endpoint))
    assert bad.verdict == Verdict.NOT_MEASURED
    assert any(KEY in headers["Authorization"] for headers in server.headers)
    stored = [list(Observation.objects.values()), list(Run.objects.values()), list(Finding.objects.values())]
    assert KEY not in json.dumps(stored, default=str)


def test_the_judge_is_never_told_the_truth(measured: Measured) -> None:
    endpoint, _ = measured.offer()
    told, untold = measured.offer()[0], measured.offer()[0]
    type(endpoint).objects.filter(pk=told.pk).update(is_control=True, control_truth="degraded")
    told.refresh_from_db()
    one, other = (execute(services.queue_run(which, seed=3)) for which in (told, untold))
    assert one.result is not None
    assert other.result is not None
    drop = {"endpoint", "findings", "speed"}
    assert {k: v for k, v in one.result.items() if k not in drop} == {
        k: v for k, v in other.result.items() if k not in drop
    }


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda: Baseline.objects.update(suite_sha256="0" * 64),
            "isn't the one the baseline was recorded with",
        ),
        (lambda: Baseline.objects.update(data=b"nonsense"), "baseline can't be read"),
        (lambda: Baseline.objects.update(suite_name="gone"), "There is no suite called 'gone'"),
    ],
)
def test_our_own_failures_end_the_run_with_an_error_to_read(
    measured: Measured, spoil: Any, said: str
) -> None:
    endpoint, _ = measured.offer()
    run = services.queue_run(endpoint)
    spoil()
    execute(run)
    assert (run.state, run.verdict, run.result) == (RunState.FAILED, "", None)
    assert said in run.error
    assert "Assay itself failed" not in run.error


def test_a_key_that_cannot_be_decrypted_is_told(measured: Measured, settings: Settings) -> None:
    endpoint, _ = measured.offer()
    services.set_credential(endpoint, KEY)
    settings.CREDENTIAL_KEYS = (Fernet.generate_key().decode(),)
    run = execute(services.queue_run(endpoint))
    assert run.state == RunState.FAILED
    assert "CREDENTIAL_KEYS" in run.error


def test_an_address_that_is_no_longer_allowed_is_not_asked(measured: Measured, settings: Settings) -> None:
    endpoint, server = measured.offer()
    run = services.queue_run(endpoint)
    settings.EGRESS_ALLOW = frozenset()
    execute(run)
    assert server.bodies == []
    assert run.verdict in {"", Verdict.NOT_MEASURED}


def test_cancelling(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    world.ready_baseline()
    run = services.queue_run(world.endpoint())
    heard: list[str] = []
    with listening(lambda state, **_: heard.append(state)), django_capture_on_commit_callbacks(execute=True):
        assert services.cancel_run(run.pk).state == RunState.CANCELLED
    assert heard == ["cancelled"]
    with pytest.raises(IllegalTransition, match="is cancelled and can't become cancelled"):
        services.cancel_run(run.pk)
    assert execute(run).state == RunState.CANCELLED


def test_a_run_cancelled_while_it_runs_stops_at_once(settings: Settings) -> None:
    settings.HEARTBEAT_SECONDS = 0.05
    world.ready_baseline()
    run = services.queue_run(world.endpoint())
    lease = take(RUNS, run.pk)
    assert lease is not None
    stopped: list[bool] = []

    async def work() -> None:
        await sync_to_async(services.cancel_run)(run.pk)
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)

    with pytest.raises(LeaseLost):
        async_to_sync(under_lease)(lease, work())
    assert stopped == [True]


def test_an_end_that_a_listener_did_not_hear_is_announced_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    world.ready_baseline()
    run = services.queue_run(world.endpoint())

    def broken(**_: Any) -> None:
        raise RuntimeError("the board is busy")

    with listening(broken), django_capture_on_commit_callbacks(execute=True):
        services.cancel_run(run.pk)
    run.refresh_from_db()
    assert run.announced is None
    Run.objects.update(ended=F("created"), created=F("created"))
