from __future__ import annotations

import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings
from uuid_utils.compat import uuid7

from leaderboard.pages.web import NAMESPACE
from leaderboard.templatetags.assay import ld
from tests.leaderboard import factories
from verifier.models import Endpoint, Run, RunState

pytestmark = pytest.mark.django_db


@pytest.fixture
def board(settings: Settings) -> dict[str, Endpoint]:
    settings.SITE_URL = "https://assay.example.org"
    return factories.board()


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def test_every_page_has_one_address_whatever_it_was_asked_with(client: Client, board: Any) -> None:
    own = "https://assay.example.org"
    for address, canonical in (
        ("/?verdict=faithful&sort=name", "/"),
        ("/?model=HuggingFaceTB/SmolLM2-135M-Instruct&q=x", "/?model=HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("/models/", "/models/"),
    ):
        assert f'<link rel="canonical" href="{own}{canonical}">' in text(client, address)


def test_the_site_map_names_every_public_page_and_each_is_there(client: Client, board: Any) -> None:
    hidden = factories.endpoint("Hidden", listed=False)
    response = client.get("/sitemap.xml")
    assert response["Content-Type"] == "application/xml"
    found = [one.text or "" for one in ElementTree.fromstring(response.content).iter(f"{{{NAMESPACE}}}loc")]
    paths = [one.removeprefix("https://assay.example.org") for one in found]
    assert len(paths) == len(set(paths))
    assert {f"/endpoints/{endpoint.pk}/" for endpoint in board.values()} <= set(paths)
    assert str(hidden.pk) not in response.content.decode()
    for path in paths:
        text(client, path)


def test_crawlers_are_told_what_is_not_for_them(client: Client, board: Any) -> None:
    page = text(client, "/robots.txt")
    assert "Sitemap: https://assay.example.org/sitemap.xml" in page
    assert "Disallow: /account/" in page


def test_a_link_to_an_endpoint_is_shown_with_its_picture(client: Client, board: Any) -> None:
    endpoint = board["Lab Q4_0"]
    page = text(client, f"/endpoints/{endpoint.pk}/")
    address = f"/endpoints/{endpoint.pk}/card.png"
    assert f'<meta property="og:image" content="https://assay.example.org{address}">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    response = client.get(address)
    assert response["Content-Type"] == "image/png"
    assert "max-age" in response["Cache-Control"]
    with Image.open(io.BytesIO(response.content)) as picture:
        assert picture.size == (1200, 630)
    assert client.get(f"/endpoints/{uuid7()}/card.png").status_code == 404


def test_a_board_describes_itself_as_data(client: Client, board: Any) -> None:
    page = text(client, "/models/HuggingFaceTB/SmolLM2-135M-Instruct/")
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block is not None
    found = json.loads(block[1])
    assert found["@type"] == "Dataset"
    assert found["url"] == "https://assay.example.org/models/HuggingFaceTB/SmolLM2-135M-Instruct/"


def test_data_for_machines_cannot_end_its_block() -> None:
    made = ld({"name": "</script><script>alert(1)</script>&"})
    assert made.count("<") == 2
    body = made[made.index(">") + 1 : made.rindex("<")]
    assert json.loads(body) == {"name": "</script><script>alert(1)</script>&"}


def test_a_missing_page_helps_on(client: Client, board: Any) -> None:
    page = text(client, "/models/org/unknown/", 404)
    assert "No board of this model is published." in page
    assert 'action="/"' in page
    assert "Resolver404" not in text(client, "/no/such/", 404)


def test_the_style_page_is_for_development_only(client: Client, settings: Settings) -> None:
    settings.DEBUG = False
    text(client, "/style/", 404)
    settings.DEBUG = True
    page = text(client, "/style/")
    for word in ("insufficient access", "our error", "all others", "INT8"):
        assert word in page


def test_the_status_page_counts_our_own_work(
    client: Client, board: Any, django_assert_num_queries: Any
) -> None:
    factories.open_run(board["Lab new"])
    factories.open_run(board["Lab f16"], state=RunState.QUEUED)
    failed = factories.open_run(board["Lab Q8_0"])
    Run.objects.filter(pk=failed.pk).update(state=RunState.FAILED, error="secret", ended=timezone.now())
    with django_assert_num_queries(5):
        page = " ".join(re.sub(r"<[^>]+>", " ", text(client, "/status/")).split())
    assert "1 run under way" in page
    assert "14 ended with a result and 1 failed on our side (93" in page
    assert "secret" not in page
    assert "first tokens" in page


def test_private_runs_are_in_no_count(client: Client, board: Any) -> None:
    run = factories.open_run(board["Lab new"])
    Run.objects.filter(pk=run.pk).update(private=True)
    assert "Nothing is being measured just now" in text(client, "/status/")


def test_an_empty_site_has_a_status_and_can_be_cited(client: Client) -> None:
    assert "No run has ended within 30 days" in text(client, "/status/")
    page = text(client, "/about/")
    assert f"@misc{{assay{timezone.now().year}," in page
    assert "{{The Assay project}}" in page
    assert "\\url{http" in page
