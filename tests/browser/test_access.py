"""axe-core finds nothing to mend on any page, in both themes, at both widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.browser.stories import Site, site

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture
def world(live_server: Any) -> Site:
    return site()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_stands_in_anybodys_way(world: Site, open_page: Open, scheme: str, width: int) -> None:
    page = open_page("/", color_scheme=scheme, viewport={"width": width, "height": 900})
    faults: list[str] = []
    for name, path in world.walk(page):
        page.goto(path)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for fault in found["violations"]:
            faults += [f"{name}: {fault['id']}: {node['html'][:160]}" for node in fault["nodes"][:3]]
    assert not faults, "\n".join(faults)
