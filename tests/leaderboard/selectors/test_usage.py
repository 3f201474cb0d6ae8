from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from leaderboard.exports import prometheus
from leaderboard.selectors import Figure, Spread
from leaderboard.selectors.usage import RUN_EDGES, usage
from tests.leaderboard import factories
from verifier.client.egress import Refusal
from verifier.models import LOOK, Baseline, Run
from verifier.services import tallies
from verifier.services.registry import EGRESS_REFUSED, egress_policy, require_reachable

pytestmark = pytest.mark.django_db


def value(name: str, **labels: str) -> float:
    found = [
        one.value
        for one in usage()
        if isinstance(one, Figure) and (one.name, dict(one.labels)) == (name, labels)
    ]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def redis(broker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "_silent_until", 0.0)


def test_tokens_and_money_are_told_by_what_they_were_spent_on() -> None:
    endpoint = factories.endpoint("One")
    for trigger, prompt, completion, money in (
        ("operator", 100, 10, 0.5),
        ("confirmation", 200, 20, 0.25),
        (LOOK, 7, 3, 0.125),
    ):
        run = factories.run(endpoint, trigger=trigger)
        spent = {"prompt_tokens": prompt, "completion_tokens": completion, "spent": money}
        Run.objects.filter(pk=run.pk).update(**spent)
    Baseline.objects.update(prompt_tokens=4000, completion_tokens=500)
    assert value("assay_tokens_total", asked="runs", kind="prompt") == 300
    assert value("assay_tokens_total", asked="runs", kind="completion") == 30
    assert value("assay_tokens_total", asked="monitoring", kind="prompt") == 7
    assert value("assay_tokens_total", asked="reference", kind="completion") == 500
    assert value("assay_spent_dollars_total", asked="runs") == 0.75
    assert value("assay_spent_dollars_total", asked="monitoring") == 0.125


def test_before_anything_was_asked_everything_is_zero() -> None:
    assert value("assay_tokens_total", asked="monitoring", kind="prompt") == 0
    assert value("assay_spent_dollars_total", asked="runs") == 0


def test_the_lengths_of_runs_are_told_by_how_they_ended() -> None:
    now = timezone.now()
    endpoint = factories.endpoint("One")
    for seconds in (10, 40, 5000, 9000):
        run = factories.run(endpoint)
        Run.objects.filter(pk=run.pk).update(started=now - timedelta(seconds=seconds), ended=now)
    factories.open_run(endpoint)
    (found,) = (one for one in usage() if isinstance(one, Spread) and one.name == "assay_run_seconds")
    assert found.labels == (("state", "complete"),)
    by_edge = dict(zip([*RUN_EDGES, None], found.counts, strict=True))
    assert (by_edge[15], by_edge[60], by_edge[3600], by_edge[7200], by_edge[None]) == (1, 2, 2, 3, 4)
    assert found.seconds == pytest.approx(14050)
    text = prometheus.export([found]).decode()
    assert 'assay_run_seconds_bucket{le="60",state="complete"} 2.0' in text
    assert 'assay_run_seconds_count{state="complete"} 4.0' in text


@pytest.mark.usefixtures("redis")
def test_a_refused_address_is_counted_by_its_reason() -> None:
    assert value(EGRESS_REFUSED.name, reason="own") >= 0
    before = value(EGRESS_REFUSED.name, reason="address")
    with pytest.raises(Exception, match="not a public address"):
        require_reachable("https://10.0.0.1/v1")
    assert value(EGRESS_REFUSED.name, reason="address") == before + 1
    told = {dict(one.labels)["reason"] for one in usage() if one.name == EGRESS_REFUSED.name}
    assert told == set(Refusal)
    assert egress_policy() == egress_policy()
