"""Nothing moves under a reader's eyes: cumulative layout shift is 0 on every page, no font being cached."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.browser.stories import Site, site

WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map((source) => source.node?.nodeName + "." + (source.node?.className ?? ""));
    shifts.push([entry.value, moved.join(" ")]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
SETTLED = (
    "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))))"
)


@pytest.fixture
def world(live_server: Any) -> Site:
    return site()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves(world: Site, open_page: Open, width: int) -> None:
    page = open_page("/", viewport={"width": width, "height": 900})
    page.context.add_init_script(WATCH)
    moved = []
    for name, path in world.walk(page):
        page.goto(path, wait_until="networkidle" if name != "live" else "load")
        page.evaluate(SETTLED)
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.evaluate(SETTLED)
        moved += [f"{name}: {value:.4f} {what}" for value, what in page.evaluate("shifts")]
    assert not moved, "\n".join(moved)


def test_the_watch_sees_what_moves(world: Site, open_page: Open) -> None:
    page = open_page("/about/")
    page.context.add_init_script(WATCH)
    page.goto("/about/")
    page.evaluate("document.querySelector('main').style.marginTop = '200px'")
    page.wait_for_function("shifts.length > 0")
