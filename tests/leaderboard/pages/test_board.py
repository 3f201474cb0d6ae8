"""What the board offers beside its rows: columns, choice, snippet, plots; and that no figure stands alone."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from leaderboard import services
from leaderboard.certification import State
from leaderboard.models import Certificate
from leaderboard.pages import numbers
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def board() -> dict[str, Endpoint]:
    found = factories.board()
    Endpoint.objects.filter(label="Lab f16").update(price_in=0.2, price_out=1.5)
    Endpoint.objects.filter(label="Lab Q8_0").update(price_out=0.4)
    services.publish(found["Lab f16"].model_id)
    return found


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode().replace(numbers.THIN, " ")


def heads(page: str) -> list[str]:
    return re.findall(r'<th scope="col" role="columnheader" class="(\w+)"', page)


def names(page: str) -> list[str]:
    return re.findall(r'class="name"><a href="[^"]+">([^<]+)</a>', page)


def test_columns_are_chosen_in_the_address(client: Client, board: Any) -> None:
    assert heads(text(client, "/"))[-3:] == ["price", "latency", "age"]
    page = text(client, "/?cols=tokens")
    assert heads(page)[-1:] == ["tokens"]
    assert 'href="/?cols=latency,tokens"' in page, "one more is a link away"
    assert 'href="/?verdict=faithful&amp;cols=tokens"' in page, "a filter keeps the columns"
    assert heads(text(client, "/?cols=none"))[-1] == "says"


def test_a_column_that_nobody_has_is_not_there(client: Client) -> None:
    factories.board()
    page = text(client, "/")
    assert "price" not in heads(page)
    assert "$1 / M tokens" not in page


def test_price_filters_and_sorts(client: Client, board: Any) -> None:
    assert names(text(client, "/?max_price=1")) == ["Lab Q8_0"]
    assert names(text(client, "/?sort=price"))[:2] == ["Lab Q8_0", "Lab f16"]


def test_the_best_certified_endpoint_under_a_price_and_its_snippet(client: Client, board: Any) -> None:
    now = timezone.now()
    for label, price in (("Lab f16", 0.9), ("Lab bf16 cache", 3.0)):
        Endpoint.objects.filter(label=label).update(price_out=price)
        Certificate.objects.create(
            endpoint=board[label],
            state=State.CERTIFIED,
            moved=now,
            certified=now,
            expires=now,
            run=board[label].runs.get(),
        )
    services.publish(board["Lab f16"].model_id)
    page = text(client, "/?certified=yes&max_price=1")
    assert names(page) == ["Lab f16"]
    assert 'class="seal">certified' in page
    snippet = re.search(r'id="snippet"[^>]*><code>(.*?)</code>', page, re.DOTALL)
    assert snippet is not None
    assert "test-lab/lab-f16" in snippet[1]
    assert "lab-bf16-cache" not in snippet[1]
    assert "Router snippet" not in text(client, "/?verdict=deviating"), "nobody faithful, no snippet"


def test_two_prices_make_a_picture(client: Client, board: Any) -> None:
    page = text(client, "/")
    assert "Fidelity and price" in page
    assert "Fidelity and speed" not in page, "one endpoint's speed alone is no picture"
    assert "Fidelity and price" not in text(client, "/?verdict=faithful")


def test_every_row_can_be_chosen(client: Client, board: Any) -> None:
    page = text(client, "/")
    assert page.count('type="checkbox" name="e"') == len(board)
    assert '<form id="compare" action="/compare/" method="get">' in page


class Figures(HTMLParser):
    """The texts of a page outside of what says its interval or n, and the titles of what does."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.bare: list[str] = []
        self.titles: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        inside = bool(self.open and self.open[-1][1])
        if "quantity" in (values.get("class") or "").split():
            self.titles.append(values.get("title") or "")
            inside = True
        if tag not in ("meta", "link", "input", "br", "img", "line", "rect", "circle", "path"):
            self.open.append((tag, inside))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not (self.open and (self.open[-1][1] or self.open[-1][0] in ("code", "title", "desc"))):
            self.bare.append(data)


def test_no_page_prints_a_measured_value_without_its_interval(client: Client, board: Any) -> None:
    """A fidelity may stand in a sentence or a cell only where its interval stands in the same."""
    model = "/models/HuggingFaceTB/SmolLM2-135M-Instruct/"
    keys = "&".join(f"e={endpoint.pk}" for endpoint in list(board.values())[:6])
    fidelities = {
        numbers.estimate(*(run["fidelity"][end] for end in ("value", "low", "high"))): run["fidelity"]["low"]
        for endpoint in board.values()
        for done in endpoint.runs.all()
        if (run := done.result)["fidelity"]
    }
    for fixed in (*(rung[3] for rung in factories.RUNGS), factories.BAND["fidelity"]):
        fidelities.pop(f"{fixed:.1f}", None)  # the ladder's own table has this number for itself
    assert len(fidelities) >= 8
    for address in ("/", model, "/providers/test-lab/", f"/compare/?{keys}"):
        page = Figures(text(client, address))
        assert page.titles, address
        for title in page.titles:
            assert re.search(r"interval|median of|n \d", title), (address, title)
            assert re.search(r"measured \d{4}-\d\d-\d\d", title), (address, title)
        for said in page.bare:
            for value, low in fidelities.items():
                if re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", said):
                    assert f"{low:.1f}"[:4] in said, f"{address} prints {value} alone: {said.strip()[:80]}"


def test_a_figure_without_interval_and_n_is_refused() -> None:
    template = Template('{% load assay %}{% measured "97.2" "" "" when %}')
    with pytest.raises(ValueError, match="neither an interval nor an n"):
        template.render(Context({"when": timezone.now()}))


def test_three_hundred_endpoints_are_a_light_page(client: Client, django_assert_max_num_queries: Any) -> None:
    """60 kB of HTML as sent, 100 kB with all that it loads, at most 12 queries."""
    of = factories.model()
    for number in range(300):
        found = factories.faithful() if number % 3 else factories.result()
        endpoint = factories.endpoint(
            f"Provider {number} turbo", of=of, what="as the provider describes it", price_out=1 + number / 100
        )
        for day in (9, 4, 0):
            ended = timezone.now() - timedelta(days=day, minutes=number)
            factories.run(endpoint, {**found, "seed": number}, ended=ended)
    services.publish(of.pk)
    with django_assert_max_num_queries(12):
        answer = client.get("/", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    html, page = len(answer.content), gzip.decompress(answer.content)
    assert page.count(b'name="e"') == 300
    assert page.count(b'class="spark"') == 300
    assert html < 60_000
    assets = {name.decode() for name in re.findall(rb'(?:href|src)="/static/([^"]+)"', page)}
    sizes = {name: _sent(name) for name in assets}
    assert sum(name.endswith(".woff2") for name in sizes) == 2, "the faces that the board is set in"
    assert html + sum(sizes.values()) < 100_000, f"{html} of HTML and {sizes}"


def _sent(name: str) -> int:
    """Bytes on the wire: fonts are compressed in themselves."""
    return len(_asset(name)) if name.endswith(".woff2") else len(gzip.compress(_asset(name), 6))


def _asset(name: str) -> bytes:
    path = finders.find(name)
    assert path is not None, name
    return Path(path).read_bytes()
