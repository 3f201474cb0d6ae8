"""No page prints a measured figure bare: its interval stands in the same row, sentence or picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.test import Client

from leaderboard.models import Snapshot
from leaderboard.pages import rows
from tests.browser import stories

pytestmark = pytest.mark.django_db
STATEMENTS = {
    "tr",
    "li",
    "p",
    "dd",
    "dt",
    "h1",
    "h2",
    "h3",
    "summary",
    "caption",
    "figcaption",
    "title",
    "svg",
}
"""What is read as one: a figure and its interval stand in the innermost of these together."""
NOT_SAID = {"script", "style", "pre", "code"}
VOID = {"br", "circle", "col", "hr", "img", "input", "line", "link", "meta", "path", "rect", "use", "wbr"}
NUMBER = re.compile(r"(?<![\w.,–-])\d+(?:\.\d+)?(?![\w.–])")


@dataclass
class Element:
    """An element with all its text. A component is parts/measured.html, which carries what belongs to it."""

    tag: str
    is_component: bool
    text: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """Every text of a page with the elements that it stands in, the outermost first."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.texts: list[tuple[str, list[Element]]] = []
        self.components = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            component = "quantity" in (dict(attrs).get("class") or "").split()
            self.components += component
            self._open.append(Element(tag, component))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closed as soon as opened: no text is in it."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)
        self.texts.append((data, list(self._open)))


def bare(html: str, intervals: Mapping[str, str]) -> Iterator[str]:
    """Statements that hold a figure of `intervals`, outside of the component, and not its interval."""
    for data, elements in Page(html).texts:
        if any(element.is_component or element.tag in NOT_SAID for element in elements):
            continue
        found = [figure for figure in NUMBER.findall(data) if figure in intervals]
        inner = next((one for one in reversed(elements) if one.tag in STATEMENTS), None)
        said = " ".join(data.split() if inner is None else "".join(inner.text).split())
        yield from (f"{figure} in {said[:160]!r}" for figure in found if intervals[figure] not in said)


def intervals() -> dict[str, str]:
    """The figures of all boards, as they are printed, each with its interval."""
    found = {}
    for snapshot in Snapshot.objects.all():
        for row in snapshot.board["rows"]:
            shown = rows.board_row(row, snapshot.board, several_providers=False)
            if shown.fidelity:
                found[str(shown.fidelity)] = shown.interval
            if shown.agreement:
                found[str(shown.agreement.value)] = shown.agreement.interval
    return found


def test_every_figure_stands_with_its_interval(client: Client) -> None:
    site = stories.site()
    known = intervals()
    assert len(known) > 10
    told, components = [], 0
    for name, path in site.paths.items():
        html = client.get(path).content.decode()
        components += Page(html).components
        told += [f"{name}: {figure}" for figure in bare(html, known)]
    assert components > 30
    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Fidelity 97.21 of 100.</p>",
        "<tr><td>97.21</td></tr><tr><td>96.74–97.63</td></tr>",
        "<svg><text>97.21</text></svg><p>96.74–97.63</p>",
        "<div>97.21</div>",
    ],
)
def test_a_bare_figure_is_found(html: str) -> None:
    assert len(list(bare(html, {"97.21": "96.74–97.63"}))) == 1


@pytest.mark.parametrize(
    "html",
    [
        "<p>Fidelity 97.21 (96.74–97.63).</p>",
        "<svg><text>97.21</text><text>96.74–97.63</text></svg>",
        '<span class="quantity">97<span>.21</span></span>',
        "<p>Version 97.21.3, 397.21 and 97.2</p>",
    ],
)
def test_what_carries_its_interval_or_is_another_number_is_not(html: str) -> None:
    assert not list(bare(html, {"97.21": "96.74–97.63"}))
