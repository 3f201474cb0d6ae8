"""Pictures of every page, both themes, both widths: `make screenshots` (`make test` does not collect it)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.stories import Site, site

FOLDER = Path(os.environ.get("SCREENSHOTS", "var/screenshots"))
ONLY = os.environ.get("PAGES", "")


@pytest.fixture
def world(live_server: Any) -> Site:
    return site()


@pytest.mark.timeout(900)
def test_pictures(world: Site, browser: Browser, live_server: Any) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            context = browser.new_context(
                base_url=live_server.url,
                color_scheme=scheme,
                viewport={"width": width, "height": 900},
            )
            page = context.new_page()
            page.goto("/")
            for name, path in world.walk(page):
                if ONLY and name not in ONLY.split(","):
                    continue
                page.goto(path)
                page.evaluate("document.fonts.ready")
                page.screenshot(path=FOLDER / f"{name}-{scheme}-{width}.png", full_page=True)
            context.close()
