"""A sceptic reads the methodology page, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.verifier.scoring.error_budget_fixture import document
from verifier.scoring import error_budget

ADDRESS = "/methodology/"


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is made from the invented figures of the fixture."""
    path = tmp_path / "error_budget.json"
    path.write_text(json.dumps(document()), "utf-8")
    monkeypatch.setattr(error_budget, "PATH", path)


def test_from_the_board_to_the_limits_without_javascript(measured: None, open_page: Open) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="Methodology").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why should I believe this?")
    expect(page.locator(".claims li").first).to_contain_text("honest runs accused")
    expect(page.get_by_role("img", name="Completion tokens until each degradation")).to_be_visible()
    contents = page.get_by_role("navigation", name="On this page")
    contents.get_by_role("link", name="What cannot be detected").click()
    expect(page.get_by_role("heading", name="What cannot be detected")).to_be_in_viewport()
    expect(contents).to_be_in_viewport()
    table = page.get_by_role("table", name="Degradations that are not dependably detected")
    expect(table.get_by_role("row", name="KV cache q8_0")).to_contain_text("0 of 20")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_its_window_and_wide_tables_scroll_in_their_own_box(
    measured: None, open_page: Open, scheme: str, width: int
) -> None:
    page = open_page(ADDRESS, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    box = page.get_by_role("group", name="Table: Every degradation in numbers")
    overflow = box.evaluate("box => box.scrollWidth - box.clientWidth")
    assert (overflow > 0) == (width == 390)


def test_marks_stand_on_the_lines_of_the_scale(measured: None, open_page: Open) -> None:
    for width in (1280, 390):
        page = open_page(ADDRESS, viewport={"width": width, "height": 900})
        grid = page.locator(".plot .grid").bounding_box()
        lane = page.locator(".plot .lanes").nth(1).bounding_box()
        assert grid is not None
        assert lane is not None
        assert abs(grid["x"] - lane["x"]) < 1
        assert abs(grid["width"] - lane["width"]) < 1


def test_without_figures_it_is_still_a_page(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_budget, "PATH", tmp_path / "none.json")
    page = open_page(ADDRESS)
    expect(page.locator("main")).to_contain_text("make bench-power")
