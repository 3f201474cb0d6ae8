"""Pages in two languages: the address alone chooses, and nothing of the one is left in the other."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from leaderboard import languages
from leaderboard.pages.web import NAMESPACE, XHTML
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/?cols=price,latency,speed,tools,tokens,drift,age",
    "/?q=nobody-has-this-name",
    "/models/",
    "/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
    "/providers/",
    "/providers/test-lab/",
    "/compare/",
    "/compare/?e={Lab f16}&e={Lab Q8_0}&e={Lab hidden prompt}",
    "/endpoints/{Lab f16}/",
    "/endpoints/{Lab Q8_0}/",
    "/endpoints/{Lab hidden prompt}/",
    "/endpoints/{Lab other model}/",
    "/endpoints/{Lab new}/",
    "/runs/{run of Lab Q8_0}/",
    "/runs/{run of Lab hidden prompt}/?status=faulty",
    "/status/",
    "/about/",
    "/methodology/",
    "/guide/",
    "/privacy/",
    "/terms/",
    "/contact/",
    "/data-licence/",
    "/verify/",
    "/verify/?certificate=nobody-has-this-name",
    "/disputes/",
    "/alerts/endpoints/{Lab f16}/",
    "/alerts/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
    "/alerts/providers/test-lab/",
)
"""Public pages that have a Chinese address; the test puts ids of endpoints in the place of their labels."""
ENGLISH_ALONE = ("submit:new", "account:overview")
"""Pages for readers that have no Chinese address yet."""
SAME = re.compile(
    r"SHA-256|tv ≥ max|[Σα]|DSSE|in-toto|CC BY 4\.0|dump\.zip|\S+@\S+|"
    r"Assay( \d+\.\d+\.\d+)?|English|简体中文|OpenRouter|UTC|[a-z]|10⁶|top-1|core \d\.\d|sha256:\w+…?|"
    r"Lab .*|(Test laboratory|SmolLM2|HuggingFaceTB|astronomy|temperature)[\w./ ·-]*|random weights|"
    r"INT\d.*|FP\d.*|(bf|fp|int)\d+|[\d.]+\s(ms|s|min|h|tok/s)( .*)?|[\W\d_]*|[A-F][+]?"
)
"""What may be the same in both languages: names, addresses, numbers, units, signs of formulas."""
DATA = re.compile(r"It counts 13 prompt tokens more than the official template makes\.")
"""What a stored result says in its own words, outside of elements that are marked as English."""


class Text(HTMLParser):
    """What a reader of a page reads: its text, and the attributes that are read out or shown."""

    READ = ("title", "aria-label", "placeholder", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        quoted = tag in ("script", "style", "pre", "code", "bdi") or (
            tag != "html" and told.get("lang") == "en"
        )
        if not quoted:
            self.found += [told[name] or "" for name in self.READ if told.get(name)]
        if tag == "meta" and told.get("name") == "description":
            self.found.append(told["content"] or "")
        if tag not in ("meta", "link", "input", "br", "img", "hr"):
            self.open.append((tag, quoted))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(quoted for _, quoted in self.open):
            self.found.append(" ".join(data.split()))


def read(page: str) -> list[str]:
    parser = Text()
    parser.feed(page)
    return parser.found


def placed(page: str, board: dict[str, Endpoint]) -> str:
    """The address with ids in the place of `{label of an endpoint}` and `{run of label}`."""

    def known(match: re.Match[str]) -> str:
        of = board[match[2]]
        return str(of.runs.latest("created").pk if match[1] else of.pk)

    return re.sub(r"\{(run of )?(.+?)\}", known, page)


def get(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def board(settings: Settings) -> dict[str, Endpoint]:
    settings.SITE_URL = "https://assay.example.org"
    return factories.board()


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_has_no_english_left(client: Client, board: Any, page: str) -> None:
    page = placed(page, board)
    english, chinese = get(client, page), get(client, "/zh-hans" + page)
    assert '<html lang="en">' in english
    assert '<html lang="zh-Hans">' in chinese
    before = set(read(english))
    assert len(before) > 20
    left = [
        text
        for text in read(chinese)
        if text in before and not SAME.fullmatch(text) and not DATA.fullmatch(text)
    ]
    assert left == []


@pytest.mark.parametrize("page", PAGES)
def test_an_english_page_has_no_chinese_but_the_link(client: Client, board: Any, page: str) -> None:
    page = placed(page, board)
    get(client, "/zh-hans" + page)
    found = re.findall(r"[\u3000-\u9fff]+", get(client, page))
    assert found == [languages.TAGS[languages.CHINESE][1]]


def test_no_wish_of_a_browser_changes_a_page(client: Client, board: Any) -> None:
    wish = {"Accept-Language": "zh-CN,zh;q=0.9"}
    client.cookies["django_language"] = "zh-hans"
    response = client.get("/", headers=wish)
    assert '<html lang="en">' in response.content.decode()
    for address in ("/", "/zh-hans/"):
        vary = client.get(address, headers=wish).get("Vary", "")
        assert "language" not in vary.lower()
        assert "cookie" not in vary.lower()
    assert "Content-Language" not in response
    assert client.get("/zh-hans/")["Content-Language"] == "zh-Hans"


def test_both_languages_name_each_other(client: Client, board: Any) -> None:
    own = "https://assay.example.org"
    for address, other in (("/", "/zh-hans/"), ("/zh-hans/", "/")):
        page = get(client, address + "?sort=name")
        assert f'<link rel="canonical" href="{own}{address}">' in page
        for tag, path in (("en", "/"), ("zh-Hans", "/zh-hans/"), ("x-default", "/")):
            assert f'<link rel="alternate" hreflang="{tag}" href="{own}{path}">' in page
        assert re.search(rf'<a href="{other}\?sort=name" lang="[\w-]+" hreflang="[\w-]+">', page)


def test_links_keep_the_language_and_pages_without_one_are_english(client: Client, board: Any) -> None:
    page = get(client, "/zh-hans/")
    assert 'class="wordmark" href="/zh-hans/"' in page
    assert 'href="/account/"' in page
    assert 'href="/feeds/all.atom"' in page
    account = get(client, "/account/login/")
    assert '<html lang="en">' in account
    assert "hreflang" not in account


def test_machines_and_accounts_have_no_second_address(client: Client, board: Any) -> None:
    for name in (
        "pages:healthz",
        "pages:sitemap",
        "pages:robots",
        "integrity:keys",
        "account:overview",
        "alerts:feed",
    ):
        assert list(languages.addresses(name)) == ["en"], name
        assert client.get("/zh-hans" + reverse(name)).status_code == 404
    assert client.get("/zh-hans/api/v1/models").status_code == 404
    assert client.get("/zh-hans")["Location"] == "/zh-hans/"


def test_the_language_of_one_page_is_not_that_of_the_next(client: Client, board: Any) -> None:
    with translation.override("en"):
        get(client, "/zh-hans/")
        assert translation.get_language() == "en"
        assert reverse("pages:board") == "/"
    get(client, "/zh-hans/no/such/", 404)
    assert '<html lang="en">' in get(client, "/")


def test_the_site_map_names_the_other_language(client: Client, board: Any) -> None:
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    entries = {
        entry.findtext(f"{{{NAMESPACE}}}loc"): {
            link.get("hreflang"): link.get("href") for link in entry.iter(f"{{{XHTML}}}link")
        }
        for entry in root
    }
    own = "https://assay.example.org"
    both = {"en": f"{own}/", "zh-Hans": f"{own}/zh-hans/", "x-default": f"{own}/"}
    assert entries[f"{own}/"] == entries[f"{own}/zh-hans/"] == both


@pytest.mark.parametrize("name", ENGLISH_ALONE)
def test_a_page_without_chinese_words_has_no_chinese_address(client: Client, name: str) -> None:
    assert list(languages.addresses(name)) == ["en"]
    assert client.get("/zh-hans" + reverse(name)).status_code == 404
