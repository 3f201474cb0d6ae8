"""What a visitor does, in a real browser: look, filter, follow a row to its evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leaderboard import services
from tests.browser.conftest import Open
from tests.leaderboard import certifying, factories
from verifier.models import Endpoint, Run, RunState

Seen = Callable[[Page, str], list[str]]
NAMES = ".endpoints tbody .name a"


@pytest.fixture
def board(live_server: Any) -> dict[str, Endpoint]:
    return factories.board()


def paths(board: dict[str, Endpoint]) -> list[str]:
    run = board["Lab Q4_0"].runs.get()
    return [
        "/",
        "/models/",
        "/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
        "/providers/",
        "/providers/test-lab/",
        f"/endpoints/{board['Lab Q4_0'].pk}/",
        f"/endpoints/{board['Lab without logprobs'].pk}/",
        f"/endpoints/{board['Lab new'].pk}/",
        f"/runs/{run.pk}/",
        "/compare/?" + "&".join(f"e={endpoint.pk}" for endpoint in list(board.values())[:6]),
        "/compare/",
        "/zh-hans/",
        f"/zh-hans/endpoints/{board['Lab Q4_0'].pk}/",
        "/zh-hans/methodology/",
        "/zh-hans/guide/",
        "/zh-hans/verify/",
        "/zh-hans/disputes/",
        "/zh-hans/account/login/",
        "/?q=nothing+like+it",
    ]


def test_from_the_board_to_the_evidence(board: dict[str, Endpoint], open_page: Open, seen: Seen) -> None:
    page = open_page("/")
    assert len(seen(page, NAMES)) == 15
    page.evaluate("window.stayed = true")

    page.get_by_role("link", name="Deviating").click()
    expect(page.get_by_role("status")).to_have_text("8 of 15 endpoints")
    assert "verdict=deviating" in page.url
    assert page.locator("#chip-deviating").get_attribute("aria-current") == "true"

    page.get_by_role("searchbox").press_sequentially("int4")
    expect(page.get_by_role("status")).to_have_text("2 of 15 endpoints")
    assert "q=int4" in page.url
    assert "verdict=deviating" in page.url
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.evaluate("window.stayed"), "filtering exchanges the table, not the page"

    page.get_by_role("link", name="Lab Q4_0").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Deviating: declared bf16, measured closest to INT4 groups of 64"
    )
    expect(page.get_by_role("img", name="Lab Q4_0 on the ladder")).to_be_visible()
    expect(page.locator(".context").first).to_contain_text("this endpoint “,”")

    page.get_by_role("link", name="all its evidence").click()
    expect(page.get_by_role("heading", name="Every request and its answer")).to_be_visible()
    page.get_by_text("raw request 1").click()
    expect(page.locator(".raw pre").first).to_contain_text('"top_logprobs": 20')


def test_sorting_and_going_back(board: dict[str, Endpoint], open_page: Open, seen: Seen) -> None:
    page = open_page("/")
    ranked = seen(page, NAMES)
    page.get_by_role("link", name="Endpoint", exact=True).click()
    expect(page.locator("th.name[aria-sort=ascending]")).to_be_visible()
    assert seen(page, NAMES) == sorted(ranked, key=str.casefold)
    page.go_back()
    expect(page.locator("th.rank[aria-sort]")).to_be_visible()
    assert seen(page, NAMES) == ranked


@pytest.mark.parametrize("script", [True, False])
def test_three_are_chosen_and_compared(board: dict[str, Endpoint], open_page: Open, script: bool) -> None:
    page = open_page("/", java_script_enabled=script)
    chosen = ["Lab f16", "Lab Q8_0", "Lab Q4_0"]
    for name in chosen:
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare the chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Side by side")
    compared = page.locator(".versus thead th")
    expect(compared).to_have_text(chosen, use_inner_text=True)
    page.get_by_role("link", name="Take out Lab Q8_0").click()
    expect(compared).to_have_text(["Lab f16", "Lab Q4_0"], use_inner_text=True)


def test_columns_change_without_a_new_page(board: dict[str, Endpoint], open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("window.stayed = true")
    page.get_by_text("Columns", exact=True).click()
    page.locator("#column-tokens").click()
    expect(page.locator("th.tokens")).to_be_visible()
    assert "cols=price,latency,tokens,drift,age" in page.url
    assert page.evaluate("window.stayed")


def test_the_router_snippet_is_copied(board: dict[str, Endpoint], open_page: Open) -> None:
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Router snippet").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert '"allow_fallbacks": false' in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("script", [True, False])
def test_the_best_certified_endpoint_under_a_price_and_its_snippet(
    live_server: Any, open_page: Open, script: bool
) -> None:
    for label, price in (("Dear", 3.0), ("Cheap", 0.5), ("Cheap too", 0.4)):
        slug = label.lower().replace(" ", "-")
        offer = certifying.known(label, by=factories.provider(slug, label), price_out=price)
        if label == "Cheap too":
            factories.run(offer, factories.faithful())
        else:
            certifying.certified(offer)
    services.publish(offer.model_id)
    page = open_page("/", java_script_enabled=script)
    page.get_by_role("link", name="Certified").click()
    expect(page.locator(NAMES)).to_have_count(2)
    page.get_by_role("link", name="≤ $1 / M tokens").click()
    expect(page.locator(NAMES)).to_have_text(["Cheap"])
    page.get_by_text("Router snippet").click()
    expect(page.locator("#snippet")).to_contain_text('"only": [\n      "cheap/cheap"\n    ]')


def test_everything_works_without_javascript(board: dict[str, Endpoint], open_page: Open) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="Deviating").click()
    page.get_by_role("searchbox").fill("int4")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(NAMES)).to_have_text(["Lab Q4_0", "Lab one layer dropped"])
    page.get_by_role("link", name="Lab Q4_0").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deviating")
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("row", name="Honest deployments")).to_be_visible()


def test_a_live_run_shows_its_progress_and_then_its_verdict(
    board: dict[str, Endpoint], open_page: Open
) -> None:
    run = factories.open_run(board["Lab new"], done=10)
    page = open_page(f"/runs/{run.pk}/")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "10")
    Run.objects.filter(pk=run.pk).update(done=200, stage="estimating")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "200")
    expect(page.get_by_role("status")).to_have_text("Running: estimating")
    found = factories.faithful()
    Run.objects.filter(pk=run.pk).update(
        state=RunState.COMPLETE, verdict="faithful", result=found, ended=timezone.now()
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text("Faithful")
    assert page.locator("progress").count() == 0


def test_a_live_run_refreshes_without_javascript(board: dict[str, Endpoint], open_page: Open) -> None:
    run = factories.open_run(board["Lab new"], done=10)
    page = open_page(f"/runs/{run.pk}/", java_script_enabled=False)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "10")
    Run.objects.filter(pk=run.pk).update(done=200)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "200", timeout=10_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_their_window_in_both_themes(
    board: dict[str, Endpoint], open_page: Open, scheme: str, width: int
) -> None:
    page = open_page("/", color_scheme=scheme, viewport={"width": width, "height": 900})
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(251, 250, 246)", "dark": "rgb(20, 20, 24)"}[scheme]
    for path in paths(board):
        page.goto(path)
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
    loaded = page.evaluate("[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)")
    assert {name.strip('"') for name in loaded} >= {"Assay Sans", "Assay Serif"}


def test_the_language_is_switched_and_stays(board: dict[str, Endpoint], open_page: Open) -> None:
    page = open_page("/methodology/")
    page.get_by_role("link", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.get_by_role("heading", level=1)).to_have_text("凭什么相信？")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="榜单").click()
    expect(page.locator(NAMES)).to_have_count(15)
    assert page.url.endswith("/zh-hans/")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(NAMES)).to_have_count(15)


def test_dots_stand_on_the_scale_of_their_column(board: dict[str, Endpoint], open_page: Open) -> None:
    for width in (1280, 390):
        page = open_page("/", viewport={"width": width, "height": 900})
        scale = page.locator(".endpoints thead .axis").bounding_box()
        track = page.locator(".endpoints tbody .track").first.bounding_box()
        assert scale is not None
        assert track is not None
        assert abs(scale["x"] - track["x"]) < 1
        assert abs(scale["width"] - track["width"]) < 1


def test_the_keyboard_reaches_the_content_first(board: dict[str, Endpoint], open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_what_strangers_say_does_nothing(live_server: Any, open_page: Open) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{ 7|add:7 }}"
    endpoint = factories.endpoint(hostile, what=hostile)
    run = factories.run(endpoint, factories.result(cause={"name": hostile, "evidence": hostile}))
    factories.finding(
        run,
        [factories.divergent(prompt=hostile, prefix=hostile, endpoint=[{"token": hostile, "p": 1}])],
        cause=hostile,
    )
    factories.observation(run, payload={"answer": {"text": hostile}})
    services.publish(endpoint.model_id)
    page = open_page("/")
    for path in ("/", f"/endpoints/{endpoint.pk}/", f"/runs/{run.pk}/"):
        page.goto(path)
        expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
        assert page.locator("main img, main script").count() == 0
