"""From a red row to the exact token that diverged, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.stories import Site, site


@pytest.fixture
def world(live_server: Any) -> Site:
    return site()


@pytest.mark.parametrize("script", [True, False])
def test_from_a_red_row_to_the_token_that_diverged(world: Site, open_page: Open, script: bool) -> None:
    page = open_page("/", java_script_enabled=script)
    page.get_by_role("link", name="Lab INT4").click()
    page.get_by_role("link", name="under the microscope").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The official weights put")
    expect(page.locator(".eyebrow")).to_contain_text("1 of 69 by divergence")
    expect(page.get_by_role("row", name="all others")).to_be_visible()
    page.get_by_role("link", name="next most divergent").click()
    expect(page.locator(".eyebrow")).to_contain_text("2 of 69 by divergence")
    page.get_by_role("link", name="raw JSON").click()
    expect(page.locator("body")).to_contain_text('"reference"')


def test_the_keyboard_walks_and_the_address_follows(world: Site, open_page: Open) -> None:
    page = open_page(world.paths["microscope"])
    page.evaluate("window.stayed = true")
    start = page.url
    heading = page.get_by_role("heading", level=1).inner_text()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(heading)
    assert page.url != start
    expect(page.get_by_role("status")).to_have_text(page.get_by_role("heading", level=1).inner_text())
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    along = page.locator(".answer a.here")
    before = along.get_attribute("title")
    page.keyboard.press("ArrowLeft")
    expect(along).not_to_have_attribute("title", before or "")
    assert page.evaluate("window.stayed"), "a step exchanges the stage, not the page"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 360])
def test_it_fits_its_window(world: Site, open_page: Open, scheme: str, width: int) -> None:
    page = open_page(world.paths["microscope"], color_scheme=scheme, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == width
