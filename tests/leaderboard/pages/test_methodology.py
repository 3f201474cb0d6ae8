from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from leaderboard.pages import numbers, words
from tests.leaderboard.pages.test_views import Page
from tests.verifier.scoring.error_budget_fixture import document
from verifier import suites
from verifier.checks.registry import discover
from verifier.scoring import error_budget, policy

ADDRESS = "/methodology/"
MEASURED = ("tokens", "degradations", "honest", "limits", "causes", "peers", "monitoring", "repeat")
METHOD = ("fidelity", "verdicts", "checks", "policy", "suite")


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the page is made from; it is not there until a test writes it."""
    path = tmp_path / "error_budget.json"
    monkeypatch.setattr(error_budget, "PATH", path)
    return path


def current(**changes: Any) -> dict[str, Any]:
    """The fixture, as if it were measured with the suite and the policy in use."""
    suite = suites.load(suites.names()[0])
    return {
        **document(),
        "versions": {
            "suite": f"{suite.name} {suite.version} sha256:{suite.sha256}",
            "policy": policy.VERSION,
            "assay": "0.1.0",
        },
        **changes,
    }


def source(client: Client) -> str:
    response = client.get(ADDRESS)
    assert response.status_code == 200
    return response.content.decode().replace(numbers.THIN, " ").replace("&#8239;", " ")


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


def test_it_opens_with_the_false_accusation_rate_and_both_bounds(client: Client, figures: Path) -> None:
    figures.write_text(json.dumps(current()), "utf-8")
    said = words_of(source(client))
    assert (
        "0 of 1 120 honest runs accused (at most 0.33 % at 95 %) 0 of 2 honest stacks (at most 85 %)" in said
    )
    assert said.index("honest runs accused") < said.index("Tokens to detection")
    assert "Not yet measured" not in said
    assert "nothing is claimed for what is in use now" not in said


def test_every_section_is_in_the_contents_and_has_its_anchor(client: Client, figures: Path) -> None:
    figures.write_text(json.dumps(current()), "utf-8")
    page = Page(source(client))
    links = [link["href"] for link in page.having("a") if (link.get("href") or "").startswith("#")]
    headings = [heading.get("id") for heading in page.having("h2")]
    for name in (*MEASURED, *METHOD):
        assert links.count(f"#{name}") == 2, "in the contents and on the heading itself"
        assert name in headings


def test_the_picture_has_its_table(client: Client, figures: Path) -> None:
    figures.write_text(json.dumps(current()), "utf-8")
    page = source(client)
    picture, table = page.index('class="plot"'), page.index("Detection of every degradation")
    assert picture < table
    drawn = page[picture:table]
    assert (drawn.count('<circle class="mark-logprobs"'), drawn.count('<path class="mark-text"')) == (5, 4)
    assert drawn.count('<line class="reach"') == 6
    said = words_of(page[table:])
    for cell in ("20 of 20 83–100 %", "17 of 20 within 80 falls short", "as far as it goes"):
        assert cell in said


def test_it_is_generated_from_the_checks_the_policy_the_words_and_the_suites(
    client: Client, figures: Path
) -> None:
    said = words_of(source(client)).replace("&#x27;", "'").replace("&quot;", '"')
    for check, module in discover():
        assert f"{check.title} version {check.version}" in said
        assert letters((module.__doc__ or "").partition("\n")[0]) in letters(said)
    assert f"policy {policy.VERSION}" in said
    assert "ACCUSING deviating, different-model Verdicts that say" in said
    for term in (*words.VERDICTS.values(), *words.OUTCOMES.values()):
        assert f"{term.word} {term.meaning}" in said
    for name in suites.names():
        suite = suites.load(name)
        assert f"{suite.name} {suite.version}" in said
        assert suite.sha256 in said


def test_without_a_file_it_claims_nothing_and_names_the_command(client: Client, figures: Path) -> None:
    page = source(client)
    said = words_of(page)
    assert "not yet been measured" in said
    assert "make bench-power measures it" in said
    assert "honest runs accused" not in said
    assert "<figure" not in page
    headings = [heading.get("id") for heading in Page(page).having("h2")]
    assert set(METHOD) <= set(headings)
    assert not set(MEASURED) & set(headings)


def test_what_was_left_out_of_the_file_is_not_yet_measured(client: Client, figures: Path) -> None:
    empty = current(peers=[], monitoring=None, detection=[], honest=[], totals={}, causes={})
    figures.write_text(json.dumps(empty), "utf-8")
    said = words_of(source(client))
    assert said.count("Not yet measured. make bench-power measures it.") == 3
    assert "Tokens to detection" not in said


@pytest.mark.parametrize("content", ["{", json.dumps({**document(), "alpha": "<b>1 %</b>"})])
def test_a_broken_file_is_our_failure_and_shows_no_figure(
    client: Client, figures: Path, content: str
) -> None:
    figures.write_text(content, "utf-8")
    page = source(client)
    assert "This is our failure" in page
    assert "error_budget.json" in page
    assert "<b>1 %" not in page
    assert "honest runs accused" not in page


def test_figures_of_another_policy_or_suite_say_so(client: Client, figures: Path) -> None:
    figures.write_text(json.dumps(current(versions={"policy": "0", "suite": "core 0.1 sha256:00"})), "utf-8")
    said = words_of(source(client))
    assert (
        f"measured with policy 0 (in force now: {policy.VERSION}) and with suite core 0.1, which is" in said
    )


def test_an_accused_honest_run_stands_at_the_top(client: Client, figures: Path) -> None:
    budget = current()
    budget["honest"][0].update(
        accused=1, faithful=559, within=559, verdicts={"faithful": 559, "deviating": 1}
    )
    budget["totals"]["logprobs"].update(accused=1, stacks_accused=1, runs_upper=0.005, stacks_upper=0.988)
    figures.write_text(json.dumps(budget), "utf-8")
    assert "1 of 1 120 honest runs accused (at most 0.50 % at 95 %) 1 of 2 honest stacks" in words_of(
        source(client)
    )


def test_the_page_asks_the_database_nothing(
    client: Client, figures: Path, db: None, django_assert_num_queries: Any
) -> None:
    figures.write_text(json.dumps(current()), "utf-8")
    with django_assert_num_queries(0):
        source(client)


def test_texts_of_the_file_stay_text(client: Client, figures: Path) -> None:
    hostile = '<script>alert(1)</script>"><img src=x>\u202e'
    budget = current(made_by=hostile, model=hostile)
    for row in (*budget["detection"], *budget["honest"], *budget["peers"]):
        row.update(label=hostile, what=hostile)
    budget["causes"]["text"][hostile] = {hostile: 1}
    figures.write_text(json.dumps(budget), "utf-8")
    page = source(client)
    assert all(script.get("src") for script in Page(page).having("script"))
    assert not Page(page).having("img")
    assert "\u202e" not in page


@pytest.mark.parametrize("measured", [True, False])
def test_it_is_accessible_and_keeps_to_the_site(client: Client, figures: Path, measured: bool) -> None:
    if measured:
        figures.write_text(json.dumps(current()), "utf-8")
    page = Page(source(client))
    tags = [tag for tag, _ in page.elements]
    assert (tags.count("main"), tags.count("h1"), tags.count("style")) == (1, 1, 0)
    assert tags.count("caption") == tags.count("table")
    assert all(header.get("scope") for header in page.having("th"))
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href") if attributes.get("rel") not in ("canonical", "alternate") else ():
            assert not re.match(r"(https?:)?//", attributes.get(name) or ""), tag
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids), tag
    assert {"href": ADDRESS, "aria-current": "page"} in page.having("a")
    assert client.post(ADDRESS).status_code == 405


def test_in_chinese_what_nobody_has_translated_is_marked_as_english(client: Client, figures: Path) -> None:
    budget = current()
    budget["detection"][0].update(label="another checkpoint", what="a sort of damage <b>of tomorrow</b>")
    figures.write_text(json.dumps(budget), "utf-8")
    page = client.get("/zh-hans" + ADDRESS).content.decode()
    assert "<b>另一个检查点</b>" in page
    assert '<span lang="en">a sort of damage &lt;b&gt;of tomorrow&lt;/b&gt;</span>' in page
    assert "有偏差、模型不符" in page
