"""Hidden prompts and their answers are told nowhere until their pool is retired; public ones always are."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from leaderboard import microscope, selectors, services
from leaderboard.microscope import Place
from leaderboard.models import HiddenPool
from leaderboard.pages import numbers
from leaderboard.services import retire_pool
from tests.leaderboard import factories, measured
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


@pytest.mark.django_db
def test_no_text_of_a_hidden_answer_is_told_before_and_all_of_it_after(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real run, as if none of its prompts were public: on pages and by the API its numbers alone."""
    monkeypatch.setattr("leaderboard.pages.veil._public_ids", frozenset)
    monkeypatch.setattr("leaderboard.api.runs._public_prompts", frozenset)
    endpoint = factories.endpoint("Some endpoint")
    found = measured.stored("int4-g64", endpoint)
    Baseline.objects.filter(pk=found.baseline_id).update(hidden_sha256=POOL)
    result = {**(found.result or {})}
    result["versions"] = {**result["versions"], "hidden_pool": f"sha256:{POOL}"}
    Run.objects.filter(pk=found.pk).update(result=result)
    HiddenPool.objects.create(sha256=POOL, salt="00")
    services.publish(endpoint.model_id)
    place, words, tokens = telling(selectors.places_of(found))
    context = found.findings.get(check_name="token_distribution").details["most_divergent"][0]
    addresses = [
        f"/runs/{found.pk}/probes/{place.sequence}/",
        f"/runs/{found.pk}/probes/{place.sequence}.json",
        f"/runs/{found.pk}/",
        f"/endpoints/{endpoint.pk}/",
        f"/api/v1/runs/{found.pk}/findings",
    ]

    def told() -> list[str]:
        answers = [client.get(address) for address in addresses]
        assert [answer.status_code for answer in answers] == [200] * len(addresses)
        return [
            json.dumps(answer.json(), ensure_ascii=False)
            if "json" in answer["Content-Type"]
            else html.unescape(answer.content.decode())
            for answer in answers
        ]

    before = told()
    for page in before:
        assert words not in page
        assert context["prompt"] not in page
    assert not any(f'"{token.hex()}"' in before[1] for token in tokens)
    assert f'"{b"#1".hex()}"' in before[1]
    assert numbers.probability(place.deviation) in before[0], "numbers stay"
    assert '"#1"' in before[4]

    retire_pool(POOL)

    after = told()
    assert words in after[1]
    assert all(f'"{token.hex()}"' in after[1] for token in tokens)
    assert context["prompt"] in after[4]
    assert '"#1"' not in after[4]


def telling(places: list[Place]) -> tuple[Place, str, list[bytes]]:
    """The most divergent place inside an answer of some words: it, the words, and the tokens listed there."""
    for place in microscope.ranked(places):
        words = max(re.findall(r"[a-z ]+", place.context.prefix), key=len, default="").strip()
        if len(words) > 15:
            return place, words, [one.token for one in place.context.top]
    raise AssertionError("no answer of the run has words")
