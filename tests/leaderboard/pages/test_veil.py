"""Hidden prompts are not told on any page of a run until their pool is retired; public ones always are."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from leaderboard.models import HiddenPool
from leaderboard.services import retire_pool
from tests.leaderboard import factories
from verifier.models import Baseline, Run

POOL = "ab" * 32
SECRET = "What did the heron say to the lighthouse?"


def asked(prompt: str) -> dict[str, object]:
    return {"api": "chat/completions", "body": {"messages": [{"role": "user", "content": prompt}]}}


@pytest.fixture
def run() -> Run:
    found = factories.run(factories.endpoint("Some endpoint"))
    Baseline.objects.filter(pk=found.baseline_id).update(hidden_sha256=POOL)
    HiddenPool.objects.create(sha256=POOL, salt="00")
    factories.observation(found, 1, key="h001/0", request=asked(SECRET))
    factories.observation(found, 2, key="p001/0", request=asked("What is on the table?"))
    return found


def pages(client: Client, run: Run, number: int) -> list[str]:
    addresses = [
        reverse("pages:run", args=[run.pk]),
        reverse("pages:probe", args=[run.pk, number]),
        reverse("pages:probe-json", args=[run.pk, number]),
    ]
    answers = [client.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return [answer.content.decode() for answer in answers]


@pytest.mark.django_db
def test_a_hidden_prompt_is_told_when_its_pool_is_retired(client: Client, run: Run) -> None:
    before = pages(client, run, 1)
    assert not any("heron" in page for page in before)
    assert all("hidden pool" in page for page in before)
    assert all("on the table" in page for page in pages(client, run, 2))

    retire_pool(POOL)

    assert all("heron" in page for page in pages(client, run, 1))
