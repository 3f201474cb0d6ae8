"""What machines that read the web look for: the site's own address, the site map, what may be crawled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaderboard import charts, languages, selectors
from leaderboard.kept_pages import shared
from leaderboard.models import Snapshot
from leaderboard.pages import social_card, words

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
CITATION = r"""@misc{{assay{year},
  title        = {{Assay: which providers serve open-weights models as released}},
  author       = {{{{The Assay project}}}},
  year         = {{{year}}},
  howpublished = {{\url{{{site}}}}}
}}"""
CARD_SECONDS = 3600
STANDING = ("board", "models", "providers", "methodology", "status", "about")
"""Pages that are always there."""


def site(request: HttpRequest) -> dict[str, Any]:
    """For every template: the one address of this page, whichever name it was reached by, in each language.

    The board's only parameter that makes another page is its model.
    """
    query = ""
    if request.path == reverse("pages:board") and request.GET.get("model"):
        query = "?model=" + quote(request.GET["model"], safe="/")
    asked = request.META.get("QUERY_STRING", "")
    return {
        "site_url": settings.SITE_URL,
        "canonical": settings.SITE_URL + quote(request.path) + query,
        "canonical_query": query,
        "twins": languages.twins(request),
        "asked": f"?{asked}" if asked else "",
    }


def dataset(snapshot: Snapshot) -> dict[str, Any]:
    """A published board as schema.org describes data, for searches of datasets."""
    name = f"Fidelity of the endpoints that serve {snapshot.model.slug}"
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": name,
        "description": f"{name}, measured against its official weights, with intervals and evidence.",
        "url": settings.SITE_URL + reverse("pages:model", args=(snapshot.model.org, snapshot.model.name)),
        "license": settings.SITE_URL + reverse("legal:data-licence"),
        "dateModified": snapshot.published.isoformat(),
        "creator": {"@type": "Organization", "name": "Assay", "url": settings.SITE_URL},
        "version": snapshot.digest,
    }


@shared
@require_safe
def card(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """The picture that other sites show of a link to this endpoint."""
    found = selectors.served_endpoint(endpoint_id)
    if found is None:
        raise Http404("No endpoint of this address is listed.")
    response = HttpResponse(social_card.export(found.document), content_type="image/png")
    response["Cache-Control"] = f"public, max-age={CARD_SECONDS}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page that stays, in every language it has, with the day it last changed.

    One query for all boards, one for names.
    """
    lines = "".join(_entries(found, changed) for found, changed in _pages())
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="{NAMESPACE}" xmlns:xhtml="{XHTML}">\n{lines}</urlset>\n'
    )
    return HttpResponse(text, content_type="application/xml")


def _entries(found: Mapping[str, str], changed: datetime | None) -> str:
    """An entry for each address of one page; each names the others, as search engines ask for."""
    absolute = {code: escape(settings.SITE_URL + path) for code, path in found.items()}
    others = ""
    if len(absolute) > 1:
        tagged = [(languages.TAGS[code][0], address) for code, address in absolute.items()]
        tagged.append(("x-default", absolute[languages.ENGLISH]))
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{address}"/>' for tag, address in tagged
        )
    day = f"<lastmod>{changed:%Y-%m-%d}</lastmod>" if changed else ""
    return "".join(f"<url><loc>{address}</loc>{day}{others}</url>\n" for address in absolute.values())


def _pages() -> Iterator[tuple[dict[str, str], datetime | None]]:
    for name in STANDING:
        yield languages.addresses(f"pages:{name}"), None
    for provider in selectors.providers():
        yield languages.addresses("pages:provider", (provider.slug,)), None
    for snapshot in selectors.snapshots():
        model = snapshot.model
        yield languages.addresses("pages:model", (model.org, model.name)), snapshot.published
        for row in snapshot.board["rows"]:
            yield languages.addresses("pages:endpoint", (row["endpoint"]["id"],)), snapshot.published


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Everything public may be read; single requests of runs and searches are left out of indexes."""
    lines = (
        "User-agent: *",
        "Disallow: /account/",
        "Disallow: /zh-hans/account/",
        "Disallow: /runs/",
        "Disallow: /zh-hans/runs/",
        "Disallow: /*?",
        f"Sitemap: {settings.SITE_URL}{reverse('pages:sitemap')}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@shared
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this site is, what it promises, and how to cite it."""
    citation = CITATION.format(year=selectors.newest_year(), site=settings.SITE_URL)
    return render(request, "pages/about.html", {"nav": "about", "citation": citation})


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """How our own work goes: what waits, what runs, what ended, and whose failures they were."""
    return render(request, "pages/status.html", {"nav": "status", "work": selectors.work()})


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Every word, shape, colour and chart of the site on one page; only while developing."""
    if not settings.DEBUG:
        raise Http404("There is no such page.")
    rungs = (charts.Rung("INT4", 74.7), charts.Rung("FP8", 94.4), charts.Rung("INT8", 97.4))
    samples = (
        (99.5, 99.3, 99.7, "faithful"),
        (97.2, 96.7, 97.6, "deviating"),
        (11.2, 8.1, 14.6, "different"),
    )
    context = {
        "nav": "style",
        "colours": ("ink", "second", "line", "rule", "faithful", "deviating", "different", "band", "accent"),
        "verdicts": (*words.VERDICTS.values(), words.NOT_YET),
        "outcomes": words.OUTCOMES.values(),
        "axis": charts.axis(charts.NARROW_TICKS, rungs, 99.4, width=640),
        "tracks": [(charts.track(value, low, high, 99.4, rungs), tone) for value, low, high, tone in samples],
        "bars": charts.paired_bars({".": 0.62, ",": 0.25, " and": 0.06}, {",": 0.55, ".": 0.21}),
    }
    return render(request, "pages/style.html", context)
