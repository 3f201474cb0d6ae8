"""A provider's whole story, from signing up to a suspended certificate, in a browser and again by the API.

Long: `make test-story` runs it. Nothing in it is made up: the Procfile's processes, a lab deployment behind
an origin of the provider's own, mail by SMTP, webhooks over HTTP. Only the clock is helped: a look of the
monitor that is due within the day is made due now.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from leaderboard.demo.surroundings import free_ports
from tests.browser.conftest import ARGUMENTS
from tests.conftest import Lab
from tests.functional.browsing import Visitor
from tests.functional.conftest import Site, started
from tests.functional.front import Front
from tests.functional.mailbox import Mailbox, mailbox
from tests.functional.providers import ByTheApi, InABrowser, Provider
from tests.functional.surroundings import surroundings, until
from tests.leaderboard.receiver import Receiver, receiving
from tests.local_http import running

pytestmark = pytest.mark.timeout(1800)

CALIBRATING = {"reference": "reference", "cal-f16": "honest", "cal-slots": "honest", "int8-row": "rung"}
INT4, HONEST = "int4-g64", "f16-slots"
PROMPTS = "150"
READER = "reader@example.org"
MOST_ATTEMPTS = 4


@dataclass
class World:
    """The site, what stands around it, and what leaves it."""

    site: Site
    lab: dict[str, str]
    mails: Mailbox
    hook: Receiver
    fronts: dict[str, Front]


@pytest.fixture(scope="module")
def world(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    urls = lab(*CALIBRATING, INT4, HONEST)
    with ExitStack() as stack:
        around = stack.enter_context(surroundings(tmp_path_factory.mktemp("story")))
        (port,) = free_ports(1)
        mails = stack.enter_context(mailbox(port))
        hook = stack.enter_context(receiving(204))
        fronts = {name: stack.enter_context(running(Front())) for name in ("browser", "api")}
        around.environment |= {
            "ASSAY_SITE": around.url,
            "EMAIL_URL": f"smtp+plain://127.0.0.1:{port}",
            "EGRESS_ALLOW": ",".join([hook.address, *(one.address for one in fronts.values())]),
        }
        site = started(around, urls, CALIBRATING, PROMPTS)
        yield World(site, urls, mails, hook, fronts)


def test_in_a_browser(world: World, chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_context(base_url=world.site.around.url).new_page()
        walk(world, InABrowser(page, world.mails), world.fronts["browser"])
        browser.close()


def test_by_the_api_alone(world: World) -> None:
    walk(world, ByTheApi(world.site.around.url, world.mails), world.fronts["api"])


def walk(world: World, provider: Provider, at: Front) -> None:
    """The story, step by step."""
    visitor = Visitor(world.site.around.url)
    at.behind = world.lab[INT4]
    provider.sign_up()
    provider.submit(at)
    provider.prove(at)
    said = provider.run_in_private().lower()
    assert "deviating" in said
    assert "quantization" in said
    assert provider.name not in visitor.get("/"), "nobody else sees it"

    at.behind = world.lab[HONEST]
    attempts, said = 2, provider.run_in_private().lower()
    while "inconclusive" in said and attempts < MOST_ATTEMPTS:  # few prompts do not always suffice
        attempts, said = attempts + 1, provider.run_in_private().lower()
    assert "faithful" in said
    endpoint = provider.publish()
    until(
        lambda: certificate(visitor, endpoint) == "certified", "the certificate is granted", **patient(world)
    )
    shown = json.loads(visitor.get(f"/api/v1/endpoints/{endpoint}"))
    assert shown["verdict"] == "faithful"
    badge = visitor.get(f"/api/v1/endpoints/{endpoint}/badge.svg").lower()
    assert "certified" in badge or "faithful" in badge
    page = visitor.get(shown["certificate"]["url"])
    assert f"{attempts} private runs" in page or f"{attempts}</" in page
    listen(world, visitor, endpoint)
    hooked = provider.hear(world.hook.url, endpoint)

    at.behind = world.lab[INT4]
    states: list[str] = []

    def suspended() -> bool:
        state = certificate(visitor, endpoint)
        if not states or states[-1] != state:
            states.append(state)
        if state == "certified":
            look_now(world)
        return state == "suspended"

    until(suspended, "the certificate is suspended", **patient(world))
    assert states == ["certified", "watch", "suspended"]
    told(world, visitor, endpoint, hooked)


def certificate(visitor: Visitor, endpoint: str) -> str:
    """The state that everybody is shown."""
    found = json.loads(visitor.get(f"/api/v1/endpoints/{endpoint}"))["certificate"]
    return str(found["state"]) if found else ""


def patient(world: World) -> dict[str, Any]:
    return {"children": list(world.site.children.values()), "patience": 600.0}


def look_now(world: World) -> None:
    """Let the hours pass that lie before the next look."""
    ((waiting,),) = world.site.around.rows(
        "select count(*) from verifier_run where state in ('queued', 'running')"
    )
    if waiting:
        return
    world.site.around.write("update verifier_schedule set look_due = created")
    call = [sys.executable, "-m", "celery", "-A", "leaderboard.celery", "call", "verifier.start_due"]
    world.site.around.do(call)


def listen(world: World, visitor: Visitor, endpoint: str) -> None:
    """A reader asks for mail."""
    visitor.send(f"/alerts/endpoints/{endpoint}/", {"email": READER})
    link = until(lambda: world.mails.link(READER, "/alerts/confirm/"), "a mail to confirm")
    visitor.send(link, {})


def told(world: World, visitor: Visitor, endpoint: str, hooked: bool) -> None:
    """Mail, feed and, where there is one, webhook say both steps."""

    def posted() -> set[str]:
        bodies = [json.loads(one.body) for one in world.hook.got]
        return {one["type"] for one in bodies if one["data"]["endpoint"]["id"] == endpoint}

    def mailed(word: str) -> bool:
        return any(word in subject for subject in world.mails.subjects(READER))

    until(lambda: mailed("in doubt") and mailed("is suspended"), "both mails came")
    if hooked:
        until(lambda: posted() >= {"certificate.watch", "certificate.suspended"}, "both calls came")
    feed = visitor.get(f"/feeds/endpoints/{endpoint}.atom")
    assert "in doubt" in feed
    assert "is suspended" in feed
