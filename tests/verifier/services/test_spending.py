from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Sum
from pytest_django import Settings

from tests.verifier.services.measuring import Measured
from verifier import services
from verifier.models import LOOK, SCHEDULED, Baseline, Endpoint, Observation, RecordedAnswer, Run
from verifier.models.base import StoredAnswer
from verifier.services.spending import Asked, account_of

pytestmark = pytest.mark.django_db


def said(rows: list[StoredAnswer], name: str) -> int:
    return sum(row.payload.get("answer", {}).get(name, 0) for row in rows)


def test_a_run_knows_what_it_asked_for_and_what_that_cost(measured: Measured, settings: Settings) -> None:
    endpoint, _ = measured.offer(noise=6.0)
    Endpoint.objects.update(price_in=Decimal("0.5"), price_out=Decimal("2"))
    run = services.queue_run(endpoint, seed=1)
    settings.RUN_SECONDS, settings.HEARTBEAT_SECONDS = 0.0, 0.05
    services.execute_run(run.pk)
    settings.RUN_SECONDS = 60.0
    services.execute_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.deliveries) == ("complete", 2)
    answers: list[StoredAnswer] = list(Observation.objects.filter(run=run))
    assert run.prompt_tokens == said(answers, "prompt_tokens") > 0
    assert run.completion_tokens == said(answers, "completion_tokens") > 0
    cost = (run.prompt_tokens * 0.5 + run.completion_tokens * 2) / 1e6
    assert run.spent == pytest.approx(cost)
    # Another price changes nothing of what was spent.
    Endpoint.objects.update(price_in=Decimal("50"))
    assert Run.objects.aggregate(money=Sum("spent"))["money"] == pytest.approx(cost)


def test_without_a_price_only_tokens_are_counted(measured: Measured) -> None:
    endpoint, _ = measured.offer(noise=6.0)
    Endpoint.objects.update(price_in=Decimal("0.5"), price_out=None)
    run = services.queue_run(endpoint, seed=1)
    services.execute_run(run.pk)
    run.refresh_from_db()
    assert run.completion_tokens > 0
    assert run.spent == 0


def test_a_baseline_knows_what_its_references_were_asked_for(measured: Measured) -> None:
    baseline = services.queue_baseline(measured.baseline.model, prompts=4)
    services.record_baseline(baseline.pk)
    found = Baseline.objects.get(pk=baseline.pk)
    assert found.state == "ready", found.error
    answers: list[StoredAnswer] = list(RecordedAnswer.objects.filter(baseline=baseline))
    assert found.prompt_tokens == said(answers, "prompt_tokens") > 0
    assert found.completion_tokens == said(answers, "completion_tokens") > 0


@pytest.mark.parametrize(
    ("trigger", "asked"),
    [
        ("operator", Asked.RUNS),
        ("alarm", Asked.RUNS),
        (LOOK, Asked.MONITORING),
        (SCHEDULED, Asked.MONITORING),
    ],
)
def test_monitoring_has_an_account_of_its_own(trigger: str, asked: Asked) -> None:
    assert account_of(Run(trigger=trigger, endpoint=Endpoint())).asked == asked
