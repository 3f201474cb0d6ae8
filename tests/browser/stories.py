"""A site to walk through: the invented board, and an endpoint whose run a real deployment answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from playwright.sync_api import Page

from leaderboard import microscope, selectors, services
from leaderboard.services import submissions
from leaderboard.services.submissions import Declared
from tests.leaderboard import factories, measured, people
from verifier.models import Endpoint, Run

COMPARED = ("Lab f16", "Lab Q8_0", "Lab Q4_0", "Lab without logprobs")


@dataclass(frozen=True)
class Site:
    """The endpoints by label, the run that has all its observations, and an address for each kind of page.

    `own` has those of whoever is signed in, which `session` is the cookie of.
    """

    board: dict[str, Endpoint]
    run: Run
    paths: dict[str, str]
    own: dict[str, str]
    session: str

    def walk(self, page: Page) -> Iterator[tuple[str, str]]:
        """Name and address of every page; for the last of them `page`, open on the site, is signed in."""
        yield from self.paths.items()
        home = urljoin(page.url, "/")
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": self.session, "url": home}])
        yield from self.own.items()


def site() -> Site:
    """Fill the tables; publishes."""
    board = factories.board()
    run = measured.stored("int4-g64", factories.endpoint("Lab INT4", what="INT4, one scale per 64 inputs"))
    for number, label in enumerate(("Lab f16", "Lab Q8_0", "Lab FP8", "Lab Q4_0", "Lab bf16 cache")):
        Endpoint.objects.filter(label=label).update(price_in=0.1 + number / 20, price_out=1.2 - number / 5)
    services.publish(run.endpoint.model_id)
    # The worst place with an English answer before it: fonts for Chinese may be missing here.
    order = microscope.ranked(selectors.places_of(run))
    english = [one for one in order if one.context.prefix.isascii() and one.chosen.isascii()]
    place = next(one for one in english if len(one.context.prefix) > 20)
    live = factories.open_run(board["Lab new"])
    said = Declared(model=factories.model(), base_url="https://8.8.8.8/v1", upstream_model="toy")
    submission = submissions.submit(people.organisation(), people.user(), said)
    return Site(
        board=board,
        run=run,
        paths={
            "board": "/",
            "model": "/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
            "compare": "/compare/?" + "&".join(f"e={board[label].pk}" for label in COMPARED),
            "nothing-passes": "/?q=nothing+like+it",
            "models": "/models/",
            "providers": "/providers/",
            "provider": "/providers/test-lab/",
            "endpoint": f"/endpoints/{board['Lab Q4_0'].pk}/",
            "faithful": f"/endpoints/{board['Lab f16'].pk}/",
            "text-only": f"/endpoints/{board['Lab without logprobs'].pk}/",
            "not-yet": f"/endpoints/{board['Lab new'].pk}/",
            "run": f"/runs/{run.pk}/",
            "live": f"/runs/{live.pk}/",
            "microscope": f"/runs/{run.pk}/probes/{place.sequence}/?at={place.at}",
            "methodology": "/methodology/",
            "status": "/status/",
            "about": "/about/",
            "board-zh": "/zh-hans/",
            "endpoint-zh": f"/zh-hans/endpoints/{board['Lab Q4_0'].pk}/",
            "methodology-zh": "/zh-hans/methodology/",
            "guide-zh": "/zh-hans/guide/",
            "verify-zh": "/zh-hans/verify/",
            "disputes-zh": "/zh-hans/disputes/",
            "login-zh": "/zh-hans/account/login/",
        },
        own={
            "submit-zh": "/zh-hans/submit/",
            "submission-zh": f"/zh-hans/submit/{submission.pk}/",
        },
        session=people.browser(people.user()).cookies[settings.SESSION_COOKIE_NAME].value,
    )
