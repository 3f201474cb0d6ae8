"""The headers of pages, by the MDN HTTP Observatory's published scoring, as production sends them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.leaderboard import factories
from tests.leaderboard.observatory import modifiers, score
from tests.leaderboard.test_settings import PRODUCTION

ROOT = Path(__file__).parents[2]
LEAST = 130
STARTS = (
    "CONTENT_SECURITY_",
    "SECURE_",
    "SESSION_COOKIE_",
    "CSRF_COOKIE_",
    "X_FRAME_",
    "CORS_",
    "MIDDLEWARE",
)
"""Settings whose names begin so are what a page's headers are made by."""
OF_A_PROXY = "SECURE_PROXY_SSL_HEADER"
TELL = """
import json
from leaderboard import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.isupper()}, default=repr))
"""


@pytest.fixture(scope="module")
def in_production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the settings of headers are when the site is started for real."""
    state = {"ASSAY_STATE": str(tmp_path_factory.mktemp("state")), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", TELL]
    done = subprocess.run(
        command, env=PRODUCTION | state, cwd=ROOT, capture_output=True, text=True, check=True
    )
    every = json.loads(done.stdout)
    return {name: value for name, value in every.items() if name.startswith(STARTS) and name != OF_A_PROXY}


@pytest.fixture
def site(in_production: dict[str, object], settings: Settings, db: None) -> Client:
    for name, value in in_production.items():
        setattr(settings, name, value)
    return Client(headers={"Origin": "https://stranger.example"})


def found(site: Client, address: str) -> dict[str, int]:
    page: Any = site.get(address, secure=True)
    assert page.status_code == 200, address
    redirect: Any = site.get(address)
    return modifiers(page, redirect)


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/methodology/",
        "/models/",
        "/guide/",
        "/about/",
        "/zh-hans/",
        "/account/login/",
        "/account/signup/",
    ],
)
def test_a_page_scores_at_least_130(site: Client, address: str) -> None:
    factories.board()
    told = found(site, address)
    assert score(told) >= LEAST, told


@pytest.mark.parametrize(
    ("address", "points"), [("/", 130), ("/methodology/", 130), ("/account/login/", 135)]
)
def test_the_scanner_itself_says_the_same(site: Client, address: str, points: int) -> None:
    """Its own program (npm, @mdn/mdn-http-observatory 1.4.8) gave these, put to this site served over TLS."""
    assert score(found(site, address)) == points


def test_the_drill_down_scores_as_much(site: Client) -> None:
    endpoint = next(iter(factories.board().values()))
    assert score(found(site, f"/endpoints/{endpoint.pk}/")) >= LEAST


def test_the_api_loses_nothing(site: Client) -> None:
    """It may be used by other sites, which is no penalty, and no bonus either."""
    told = found(site, "/api/v1/endpoints")
    assert min(told.values()) == 0, told


def test_nothing_of_other_sites_is_let_in_and_the_picture_for_links_is_let_out(site: Client) -> None:
    endpoint = next(iter(factories.board().values()))
    page = site.get(f"/endpoints/{endpoint.pk}/", secure=True)
    assert page["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page["Cross-Origin-Resource-Policy"] == "same-origin"
    picture = site.get(f"/endpoints/{endpoint.pk}/card.png", secure=True)
    assert picture["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_page_of_nothing_scores_what_is_published_for_it() -> None:
    """By the published table: no policy -25, no redirection -20, no HSTS -20, sniffing -5, framing -20."""
    bare = HttpResponse("<p>Hello</p>")
    assert score(modifiers(bare, bare)) == 100 - 25 - 20 - 20 - 5 - 20
