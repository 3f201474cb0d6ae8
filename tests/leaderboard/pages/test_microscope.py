from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from leaderboard import microscope, selectors
from leaderboard.pages import microscope as looking
from leaderboard.pages import numbers
from tests.leaderboard import factories, measured
from tests.verifier import small_world
from tests.verifier.small_world import HONEST, INT4
from tests.verifier.synthetic import Synthetic
from verifier.models import Observation, Run

pytestmark = pytest.mark.django_db

INT4_WEIGHTS = Synthetic(noise=INT4, stack="INT4")


@pytest.fixture
def run() -> Run:
    return measured.run(factories.endpoint("One"), INT4_WEIGHTS)


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode().replace(numbers.THIN, " ")


def worst(run: Run) -> dict[str, Any]:
    finding = run.findings.get(check_name="token_distribution")
    found: dict[str, Any] = finding.details["most_divergent"][0]
    return found


def test_the_places_are_those_that_the_finding_judged(run: Run) -> None:
    found = {place.context.id: place for place in selectors.places_of(run)}
    assert len(found) >= run.result["contexts"]
    for context in run.findings.get(check_name="token_distribution").details["most_divergent"]:
        assert found[context["context"]].deviation == pytest.approx(context["tv"], rel=1e-5)
    first = microscope.ranked(list(found.values()))[0]
    assert first.context.id == worst(run)["context"]
    assert len(first.honest) == 2
    assert max(first.honest) < first.deviation


@pytest.mark.parametrize(
    "habits", [{"continues": None}, {"logprobs": False}, {"continues": None, "logprobs": False}]
)
def test_every_kind_of_evidence_has_places_that_the_finding_knows(habits: dict[str, Any]) -> None:
    made = measured.run(factories.endpoint("One"), Synthetic(noise=INT4, stack="INT4", **habits))
    found = {place.context.id: place for place in selectors.places_of(made)}
    for context in made.findings.get(check_name="token_distribution").details["most_divergent"]:
        assert found[context["context"]].deviation == pytest.approx(context["tv"], rel=1e-5)


def test_a_red_row_leads_to_the_token_that_diverged(client: Client, run: Run) -> None:
    response = client.get(f"/runs/{run.pk}/probes/", {"context": worst(run)["context"]})
    address = response["Location"]
    assert re.fullmatch(rf"/runs/{run.pk}/probes/\d+/(\?at=\d+)?", address)
    assert client.get(f"/runs/{run.pk}/probes/")["Location"] == address, "without a context: the worst one"
    page = text(client, address)
    assert f"1 of {len(selectors.places_of(run))} by divergence" in page
    assert numbers.probability(worst(run)["tv"]) in page
    assert "of 2 honest deployments" in page
    for listed in worst(run)["reference"][:2]:
        assert f"{listed['p']:.3f}</td>" in page
    assert "all others" in page


def test_the_rest_mass_is_what_the_lists_leave(client: Client, run: Run) -> None:
    place = microscope.ranked(selectors.places_of(run))[0]
    row = selectors.observation(run.pk, place.sequence)
    assert row is not None
    view = looking.view(row, selectors.asked(row), selectors.places_of(run), place.at, selectors.top_k(run))
    assert view.compared is not None
    *shown, rest = [bar.pair for bar in view.compared.bars]
    assert rest.is_rest
    assert sum(pair.reference or 0 for pair in shown) + (rest.reference or 0) == pytest.approx(1, abs=1e-6)
    assert sum(bar.chosen for bar in view.compared.bars) <= 1


def test_the_text_is_whole_and_each_place_of_it_has_a_link(client: Client, run: Run) -> None:
    order = microscope.ranked(selectors.places_of(run))
    place = next(one for one in order if one.context.prefix)
    row = selectors.observation(run.pk, place.sequence)
    assert row is not None
    view = looking.view(row, selectors.asked(row), order, place.at, selectors.top_k(run))
    prompt = [one for one in order if one.context.prompt_id == place.context.prompt_id]
    assert sum(bool(mark.query) for mark in view.marks) == len(prompt)
    assert sum(mark.current for mark in view.marks) == 1
    longest = max(prompt, key=lambda one: len(one.context.prefix))
    assert "".join(mark.text for mark in view.marks).startswith(longest.context.prefix)
    page = text(client, f"/runs/{run.pk}/probes/{place.sequence}/")
    for mark in view.marks:
        if mark.query:
            assert f'href="{mark.query}"' in page
            text(client, _resolve(f"/runs/{run.pk}/probes/{place.sequence}/", mark.query))


def _resolve(base: str, query: str) -> str:
    from urllib.parse import urljoin

    return urljoin(base, query)


def test_next_most_divergent_walks_through_every_place_once(run: Run) -> None:
    order = microscope.ranked(selectors.places_of(run))
    for here, following in pairwise(order[:20]):
        row = selectors.observation(run.pk, here.sequence)
        assert row is not None
        view = looking.view(row, selectors.asked(row), order, here.at, selectors.top_k(run))
        assert view.steps.less == looking.address(following, here.sequence)
    assert view.steps.more


def test_an_answer_of_its_own_is_cut_into_its_own_tokens(client: Client) -> None:
    known = small_world.baseline()
    own = Synthetic(noise=INT4, stack="INT4", continues=None)
    made = measured.run(factories.endpoint("One"), own, known)
    place = next(p for p in microscope.ranked(selectors.places_of(made)) if p.at)
    row = selectors.observation(made.pk, place.sequence)
    assert row is not None
    assert row.key.endswith("/greedy")
    view = looking.view(row, selectors.asked(row), selectors.places_of(made), place.at, selectors.top_k(made))
    assert "".join(mark.text for mark in view.marks) == row.payload["answer"]["text"]
    page = text(client, f"/runs/{made.pk}/probes/{place.sequence}/?at={place.at}")
    assert "Its answer" in page
    assert 'aria-current="true"' in page
    assert f'href="?at={place.at}#place"' in page


def test_text_alone_shows_what_was_chosen_and_no_numbers_that_are_not_there(client: Client) -> None:
    made = measured.run(factories.endpoint("One"), Synthetic(noise=INT4, stack="INT4", logprobs=False))
    page = text(client, client.get(f"/runs/{made.pk}/probes/")["Location"])
    assert "which shows no probabilities, chose" in page
    assert "Kullback" not in page
    assert "margin, clipped" in page


def test_a_request_that_was_not_compared_says_so(client: Client, run: Run) -> None:
    compared = {place.sequence for place in selectors.places_of(run)}
    row = Observation.objects.filter(run=run).exclude(sequence__in=compared).earliest("sequence")
    page = text(client, f"/runs/{run.pk}/probes/{row.sequence}/")
    assert "Nothing was compared at this request" in page
    assert "the most divergent place" in page


def test_without_a_readable_baseline_the_answer_is_shown_all_the_same(client: Client) -> None:
    made = factories.run(factories.endpoint("One"))
    factories.observation(made, 1)
    page = text(client, f"/runs/{made.pk}/probes/1/")
    assert "Nothing was compared" in page
    assert "Name the largest planet" in page
    assert client.get(f"/runs/{made.pk}/probes/")["Location"] == f"/runs/{made.pk}/"


def test_the_raw_json_has_both_sides(client: Client, run: Run) -> None:
    place = microscope.ranked(selectors.places_of(run))[0]
    response = client.get(f"/runs/{run.pk}/probes/{place.sequence}.json")
    assert response["Content-Type"] == "application/json"
    found = json.loads(response.content)
    assert found["observation"] == Observation.objects.get(run=run, sequence=place.sequence).payload
    assert found["places"][0]["reference"][0][0] == place.context.top[0].token.hex()
    assert found["places"][0]["deviation"] == place.deviation


def test_nothing_that_is_not_public_is_shown(client: Client, run: Run) -> None:
    for address in (f"/runs/{run.pk}/probes/99999/", f"/runs/{run.pk}/probes/99999.json"):
        text(client, address, 404)
    run.endpoint.listed = False
    run.endpoint.save()
    for address in (f"/runs/{run.pk}/probes/", f"/runs/{run.pk}/probes/1/", f"/runs/{run.pk}/probes/1.json"):
        text(client, address, 404)


def test_the_page_reads_little(client: Client, run: Run, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):  # the run, the request; once per run: its answers, its baseline
        text(client, f"/runs/{run.pk}/probes/5/")
    with django_assert_num_queries(2):
        text(client, f"/runs/{run.pk}/probes/6/")


def test_an_honest_place_lies_in_its_field(client: Client) -> None:
    made = measured.run(factories.endpoint("One"), Synthetic(noise=HONEST, stack="x"))
    order = microscope.ranked(selectors.places_of(made))
    place = next(p for p in reversed(order) if p.deviation <= max(p.honest, default=0))
    page = text(client, f"/runs/{made.pk}/probes/{place.sequence}/?at={place.at}")
    assert 'class="reading faithful"' in page


def test_hostile_text_under_the_microscope_stays_text(client: Client) -> None:
    made = factories.run(factories.endpoint("One"))
    hostile = "<script>alert(1)</script>\u202e"
    factories.observation(
        made,
        payload={"key": "k", "status": "ok", "answer": {"text": hostile}},
        request={"body": {"messages": [{"role": "user", "content": hostile}], "stop": hostile}},
    )
    page = text(client, f"/runs/{made.pk}/probes/1/")
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_the_microscope_speaks_chinese_under_its_chinese_address(client: Client, run: Run) -> None:
    place = microscope.ranked(selectors.places_of(run))[0]
    page = text(client, f"/zh-hans/runs/{run.pk}/probes/{place.sequence}/?at={place.at}")
    assert "词元显微镜" in page
    assert f'href="/zh-hans/runs/{run.pk}/"' in page
    for word in ("by divergence", "Token microscope", "Next token", "In this run", "total variation"):
        assert word not in page, word
    moved = client.get(f"/zh-hans/runs/{run.pk}/probes/")
    assert moved["Location"].startswith(f"/zh-hans/runs/{run.pk}/probes/")
