from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from tests.verifier import world
from verifier.models import (
    Baseline,
    Credential,
    Endpoint,
    Finding,
    IllegalTransition,
    Model,
    Monitor,
    Observation,
    Reference,
    Run,
    RunState,
)
from verifier.models.base import new_id
from verifier.models.states import BASELINE_TRANSITIONS, RUN_TRANSITIONS, require, sources

pytestmark = pytest.mark.django_db


def run(**values: Any) -> Run:
    fields = {"endpoint": world.endpoint(), "baseline": world.ready_baseline(), **values}
    return Run.objects.create(**fields)


def refuses(row: models.Model, constraint: str, **values: Any) -> None:
    """The database itself refuses these values, whatever the code in front of it would do."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(**values)


def test_ids_are_version_7_and_sort_by_creation() -> None:
    ids = [new_id() for _ in range(50)]
    assert {one.version for one in ids} == {7}
    assert ids == sorted(ids)


def test_a_model_is_named_as_its_makers_do() -> None:
    model = world.model()
    assert model.slug == str(model) == "toy/one"
    refuses(model, "model_org_and_name_without_slash", name="a/b")
    refuses(model, "model_org_and_name_without_slash", org="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Model.objects.create(org="toy", name="one")


def test_endpoint_constraints() -> None:
    endpoint = world.endpoint()
    refuses(endpoint, "endpoint_truth_only_of_controls", control_truth="honest")
    refuses(endpoint, "endpoint_truth_known_word", control_truth="perhaps", is_control=True)
    refuses(endpoint, "endpoint_prices_not_negative", price_in=-1)
    Endpoint.objects.filter(pk=endpoint.pk).update(control_truth="degraded", is_control=True, price_in=0)


def test_only_one_active_reference_a_model() -> None:
    reference = world.reference()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reference.objects.create(
            model=reference.model, role="reference", name="second", base_url="https://1.1.1.1", active=True
        )
    refuses(reference, "reference_role_known_word", role="friend")
    refuses(reference, "reference_cause_known_word", cause="bad luck")


def test_a_credential_belongs_to_exactly_one() -> None:
    endpoint, reference = world.endpoint(), world.reference()
    for owner in ({}, {"endpoint": endpoint, "reference": reference}):
        with pytest.raises(IntegrityError, match="credential_of_exactly_one"), transaction.atomic():
            Credential.objects.create(ciphertext="x", hint="…", **owner)


def test_run_constraints() -> None:
    one = run()
    refuses(one, "run_state_known_word", state="sleeping")
    refuses(one, "run_verdict_known_word", state="complete", verdict="good", result={}, ended=timezone.now())
    refuses(one, "run_complete_has_verdict", state="complete")
    refuses(one, "run_verdict_only_when_complete", verdict="faithful")
    refuses(one, "run_failed_says_why", state="failed")
    refuses(one, "run_fidelity_within_its_interval", fidelity=97.0, fidelity_low=98.0, fidelity_high=99.0)
    refuses(one, "run_fidelity_within_its_interval", fidelity=101.0, fidelity_low=98.0, fidelity_high=102.0)


def test_an_alarm_has_a_date() -> None:
    monitor = Monitor.objects.create(
        endpoint=world.endpoint(), baseline="sha256:0", state={}, started=timezone.now()
    )
    refuses(monitor, "monitor_alarm_has_a_date", alarms=1)
    refuses(monitor, "monitor_alarm_has_a_date", alarmed=timezone.now())


def test_one_open_run_an_endpoint() -> None:
    one = run()
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(endpoint=one.endpoint, baseline=one.baseline)
    Run.objects.filter(pk=one.pk).update(state=RunState.CANCELLED)
    Run.objects.create(endpoint=one.endpoint, baseline=one.baseline)


def test_baseline_constraints() -> None:
    baseline = world.ready_baseline()
    refuses(baseline, "baseline_ready_has_data", data=None)
    refuses(baseline, "baseline_failed_says_why", state="failed")
    refuses(baseline, "baseline_state_known_word", state="complete")
    assert Baseline.objects.count() == 1


def test_an_observation_is_kept_once() -> None:
    one = run()
    fields: dict[str, Any] = {"run": one, "key": "a", "purpose": "decision", "request": {}, "payload": {}}
    Observation.objects.create(**fields, sequence=1)
    Observation.objects.create(**fields, sequence=2, attempt=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Observation.objects.create(**fields, sequence=3)


def test_a_finding_has_a_known_outcome_and_is_one_a_check() -> None:
    finding = Finding.objects.create(run=run(), check_name="a", version="1", outcome="pass", cause="Because.")
    refuses(finding, "finding_outcome_known_word", outcome="excellent")
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.create(run=finding.run, check_name="a", version="1", outcome="pass", cause="Again.")


def test_evidence_comes_back_exactly_as_a_stranger_sent_it() -> None:
    payload = {"z": "\x00\ud800 \u2028 😀", "a": [1e-05, -0.1, 1.0, 3, None, True], "empty": {}}
    kept = Observation.objects.create(
        run=run(), key="a", purpose="decision", request={}, payload=payload, sequence=1
    )
    found = Observation.objects.get(pk=kept.pk).payload
    assert found == payload
    assert list(found) == list(payload)
    assert isinstance(found["a"][2], float)


def test_what_json_cannot_say_is_not_stored() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        Observation.objects.create(
            run=run(), key="a", purpose="decision", request={}, payload={"x": float("nan")}, sequence=1
        )


@pytest.mark.parametrize("table", [RUN_TRANSITIONS, BASELINE_TRANSITIONS])
def test_every_transition_is_allowed_or_raises(table: dict[str, frozenset[str]]) -> None:
    for now in table:
        for to in table:
            if to in table[now]:
                require(table, "it", now, to)
                assert now in sources(table, to)
            else:
                with pytest.raises(IllegalTransition, match=f"it is {now} and can't become {to}"):
                    require(table, "it", now, to)


def test_ends_are_ends() -> None:
    ends = {state for state, targets in {**RUN_TRANSITIONS, **BASELINE_TRANSITIONS}.items() if not targets}
    assert ends == {"complete", "failed", "cancelled", "ready"}
