"""The operator's guide: how a model comes to have a reference, a band and a ladder, and what that costs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_safe

from leaderboard.kept_pages import shared
from leaderboard.pages import numbers
from verifier.baseline.record import PREFIXES_PER_PROMPT
from verifier.suites import load
from verifier.suites.plans import plan

SECTIONS = (
    ("reference", noop("The reference")),
    ("maker", noop("The maker’s own API as a reference")),
    ("honest", noop("The honest band")),
    ("ladder", noop("The ladder of a large model")),
    ("cost", noop("What it costs")),
    ("own", noop("Prompts of your own")),
    ("catalogue", noop("Listing real providers")),
)
SUITE = "core"


@shared
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """The guide, with the numbers of the suite and the plans in force."""
    requests = len(load(SUITE).prompts) * (1 + PREFIXES_PER_PROMPT)
    most = plan("smoke").max_requests or 0
    found = {
        "nav": "guide",
        "sections": [(name, gettext(title)) for name, title in SECTIONS],
        "recorded": numbers.whole(round(requests, -2)),
        "smoke": numbers.whole(most + 1),
    }
    return render(request, "pages/guide.html", found)
