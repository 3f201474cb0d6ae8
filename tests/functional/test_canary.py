"""A provider's key, told by its server in every answer, is found nowhere that Assay keeps or shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.functional import leaks
from tests.functional.browsing import Visitor
from tests.functional.conftest import METRICS_TOKEN, Site
from tests.functional.echo import KEY, SPELLINGS, Echo
from tests.functional.leaks import Place
from tests.functional.surroundings import until

pytestmark = pytest.mark.timeout(600)
NEEDLES = {how: spell(KEY).encode() for how, spell in SPELLINGS.items()}


def found(places: Iterator[Place]) -> list[str]:
    """Where the key is, and how it is spelt there."""
    return [
        f"{where}: {how}" for where, content in places for how, needle in NEEDLES.items() if needle in content
    ]


def test_a_key_that_is_echoed_is_kept_and_shown_nowhere(site: Site, echo: Echo) -> None:
    endpoint = site.offer("echo", api_key=KEY)
    site.operator.act("endpoint", "start_run", endpoint)
    run, *_ = site.run_of(endpoint)
    leaked: list[str] = []

    def ended() -> bool:
        leaked.extend(found(leaks.broker(site.around)))
        return site.run_of(endpoint)[1] in {"complete", "failed"}

    until(ended, "the run has ended", children=list(site.children.values()))
    assert echo.keys == {KEY}
    assert next(echo.turns) > 20
    url = site.around.url
    public = ["/", f"/endpoints/{endpoint}/", f"/runs/{run}/", f"/runs/{run}/probes/", "/sitemap.xml"]
    public += [
        f"/api/v1/{path}" for path in ("endpoints", "models", "changes", "log/entries", "openapi.json")
    ]
    public += [f"/api/v1/runs/{run}{path}" for path in ("", "/findings", "/evidence")]
    public += [f"/api/v1/exports/{name}" for name in ("leaderboard.csv", "leaderboard.json", "dump.zip")]
    operators = ["/operator/", "/operator/desk/"]
    operators += [f"/operator/verifier/{kind}/" for kind in ("endpoint", "run", "credential", "baseline")]
    operators += [f"/operator/verifier/endpoint/{endpoint}/change/", f"/operator/verifier/run/{run}/change/"]
    looked = 0
    for where, content in itertools.chain(
        leaks.tables(site.around),
        leaks.broker(site.around),
        leaks.files(site.around.folder),
        leaks.metrics(url, METRICS_TOKEN),
        leaks.pages(Visitor(url), url, public),
        leaks.pages(site.operator, url, operators),
    ):
        looked += 1
        leaked += found(iter([(where, content)]))
    assert looked > 150
    assert not leaked


def test_the_search_finds_what_is_there(site: Site) -> None:
    """The same search for what is known to be kept and shown: the endpoint's name, a word of every log."""
    label, logged = b"Lab echo", b'"request_id"'
    url = site.around.url
    site.offer("echo", api_key=KEY)
    places = {
        "a table": (leaks.tables(site.around), label),
        "a file": (leaks.files(site.around.folder), logged),
        "a page": (leaks.pages(Visitor(url), url, ["/"]), label),
        "an export": (leaks.pages(Visitor(url), url, ["/api/v1/exports/leaderboard.csv"]), label),
        "the operator's pages": (leaks.pages(site.operator, url, ["/operator/verifier/endpoint/"]), label),
    }
    for what, (where, needle) in places.items():
        assert any(needle in content for _, content in where), what
