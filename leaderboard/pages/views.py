"""The public pages. Reading only; each names its reads in leaderboard.selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from leaderboard import charts, charts_microscope, microscope, publication, selectors
from leaderboard.kept_pages import shared
from leaderboard.models import Snapshot
from leaderboard.pages import evidence, offers, rows, web, words
from leaderboard.pages import microscope as looking
from leaderboard.pages.filters import SORTS, Filters, first_token, price, throughput
from leaderboard.pages.headline import Headline, board_sentence, headline
from leaderboard.pages.live import growing, time_left
from leaderboard.pages.methodology import methodology as explained
from leaderboard.pages.report import commands, finding_line, past, report
from leaderboard.pages.timeline import course
from leaderboard.pages.veil import Veil
from leaderboard.pages.weighing import watched
from verifier.models import Observation, Run, RunState
from verifier.scoring import policy

CONTEXTS_SHOWN = 4
PAGE_SIZE = 50
REFRESH_SECONDS = 2


@shared
@gzip_page
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board of the model asked for, else of the one published last."""
    org, _, name = request.GET.get("model", "").partition("/")
    snapshot = selectors.snapshot_of(org, name) if name else selectors.snapshots().first()
    if snapshot is None and name:
        raise Http404(gettext("No board of this model is published."))
    return _board(request, snapshot, "pages/board.html", "board")


@shared
@gzip_page
@require_safe
def model(request: HttpRequest, org: str, name: str) -> HttpResponse:
    """One model: its board and its ladder."""
    snapshot = selectors.snapshot_of(org, name)
    if snapshot is None:
        raise Http404(gettext("No board of this model is published."))
    return _board(request, snapshot, "pages/model.html", "models")


def _board(request: HttpRequest, snapshot: Snapshot | None, template: str, nav: str) -> HttpResponse:
    if snapshot is None:
        return render(request, "pages/empty.html", {"nav": nav})
    filters = Filters.read(request.GET.dict())
    published = snapshot.board
    certified = selectors.certified_of(snapshot.model_id)
    found = filters.apply(published["rows"], certified)
    now = timezone.now()
    drift = selectors.drift_of(snapshot.model_id, now - rows.DRIFT) if "drift" in filters.columns else {}
    shown = rows.board_rows(published, found, certified, drift, now)
    known = {
        "drift": any(row.spark for row in shown),
        "speed": any(throughput(row) is not None for row in published["rows"]),
        "tools": any(row.get("tools") is not None for row in published["rows"]),
        "latency": any(first_token(row) is not None for row in published["rows"]),
        "price": any(price(row) is not None for row in published["rows"]),
    }
    band = (published["honest_band"] or {}).get("fidelity")
    rungs = rows.rungs(published["rungs"])
    context = {
        "nav": nav,
        "snapshot": snapshot,
        "board": published,
        "models": selectors.models_on_the_board(),
        "rows": shown,
        "total": len(published["rows"]),
        "answer": board_sentence(published["rows"]),
        "axis": charts.axis(charts.NARROW_TICKS, rungs, band, width=320),
        "rungs": rows.ladder_rungs(published["rungs"]),
        "under_way": selectors.open_runs(snapshot.model_id),
        "filters": filters,
        "chips": filters.chips(certificates=bool(certified), prices=known["price"], tools=known["tools"]),
        "columns": [name for name in filters.columns if known.get(name, True)],
        "snippet": offers.snippet(str(snapshot.model), found),
        "plots": offers.plots(published, shown),
        "dataset": web.dataset(snapshot),
        "sort": {key or "rank": filters.sorted_by(key) for key in SORTS},
        "now": now,
    }
    return render(request, template, context)


@shared
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """Every model with a published board, or those of the name asked for: where that is one, its board."""
    query = " ".join(request.GET.get("q", "").split())
    snapshots = list(selectors.snapshots())
    found = [one for one in snapshots if query.casefold() in str(one.model).casefold()]
    if query and len(found) == 1:
        return redirect(f"{reverse('pages:board')}?model={quote(str(found[0].model))}")
    context = {
        "nav": "models",
        "query": query,
        "models": sorted((one.model.org, one.model.name) for one in snapshots),
        "found": [(snapshot, board_sentence(snapshot.board["rows"])) for snapshot in found],
        "now": timezone.now(),
    }
    return render(request, "pages/models.html", context)


@shared
@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    """Every provider with a listed endpoint."""
    return render(request, "pages/providers.html", {"nav": "providers", "providers": selectors.providers()})


@shared
@require_safe
def provider(request: HttpRequest, slug: str) -> HttpResponse:
    """One provider: its endpoints as the boards show them."""
    found = selectors.provider(slug)
    if found is None:
        raise Http404(gettext("No provider of this name is listed."))
    offers = [
        (snapshot, rows.board_row(row, snapshot.board, several_providers=False))
        for snapshot, row in selectors.rows_of_provider(slug, selectors.snapshots())
    ]
    return render(
        request,
        "pages/provider.html",
        {"nav": "providers", "provider": found, "offers": offers, "now": timezone.now()},
    )


@shared
@gzip_page
@require_safe
def endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint as it is published: verdict, picture, evidence, findings, history."""
    found = selectors.endpoint(endpoint_id)
    if found is None:
        raise Http404(gettext("No endpoint of this address is listed."))
    runs = selectors.runs_of(endpoint_id)
    snapshot = selectors.snapshot_of(found.model.org, found.model.name)
    board = None if snapshot is None else snapshot.board
    row = rows.row_of(board, str(found.pk))
    speaks = selectors.speaking(row, runs)
    findings = [] if speaks is None else selectors.findings_of(speaks.pk)
    monitor = getattr(found, "monitor", None)
    result, awaits = None, rows.awaits(row)
    if speaks is not None and speaks.result is not None:
        result = publication.shown(speaks.result, awaits)
    context = {
        "endpoint": found,
        "missed": rows.moment((row or {}).get("missed")),
        "run": speaks,
        "awaits": awaits,
        "report": report(result, found, rows.other_fidelities(board, str(found.pk))),
        "share_ticks": charts.SHARE_TICKS,
        "contexts": evidence.most_divergent(findings, CONTEXTS_SHOWN, Veil(_pool(result))),
        "findings": [finding_line(finding) for finding in findings],
        "commands": commands(found, result),
        "history": [past(run) for run in runs],
        "course": course(runs, ((result or {}).get("honest_band") or {}).get("fidelity"), monitor),
        "watched": watched(monitor),
        "under_way": next((run for run in runs if run.state in selectors.OPEN), None),
        "now": timezone.now(),
    }
    return render(request, "pages/endpoint.html", context)


@shared
@gzip_page
@require_safe
def methodology(request: HttpRequest) -> HttpResponse:
    """Why anybody should believe it: the measured error rates, and how a verdict is made."""
    return render(request, "pages/methodology.html", {"nav": "methodology", "page": explained()})


@gzip_page
@require_safe
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run: its progress while it lives, then its findings and every request it made."""
    found = _run(run_id)
    context = {**run_context(request, found), "published": _published(found)}
    return render(request, "pages/run.html", context)


def run_context(request: HttpRequest, found: Run) -> dict[str, object]:
    """What the page of a run shows of it, public or private."""
    status = request.GET.get("status", "")
    observed = selectors.observations_of(found.pk)
    if status in words.STATUSES:
        observed = observed.filter(status=status)
    page = Paginator(observed, PAGE_SIZE).get_page(request.GET.get("page"))
    veil = _veil(found)
    findings = selectors.findings_of(found.pk) if found.state == RunState.COMPLETE else []
    return {
        **progress_context(found),
        "endpoint": found.endpoint,
        "report": report(found.result, found.endpoint),
        "raw": veil.result_text(found.result),
        "findings": [finding_line(finding) for finding in findings],
        "page": page,
        "requests": [evidence.request_line(veil.over(observation)) for observation in page],
        "status": status if status in words.STATUSES else "",
        "statuses": words.STATUSES,
        "now": timezone.now(),
    }


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The sign for answers that are no pages (JSON, feeds), whose browsers ask for it by this name."""
    return redirect(static("favicon.svg"))


@require_safe
def progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The part of the run's page that changes while it lives; asks for the whole page when it has ended."""
    return progress_of(request, _run(run_id), {})


def progress_of(request: HttpRequest, found: Run, more: dict[str, object]) -> HttpResponse:
    """That part of this run; `more` is what its template needs besides."""
    context = {**progress_context(found), **more}
    context["news"] = context["stage"] != request.GET.get("seen")
    response = render(request, "parts/progress.html", context)
    if found.state not in selectors.OPEN:
        response["HX-Refresh"] = "true"
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def probes(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """To the place of a run with this context, else to its most divergent one."""
    found = _run(run_id)
    order = microscope.ranked(selectors.places_of(found))
    wanted = request.GET.get("context", "")
    place = next((one for one in order if one.context.id == wanted), order[0] if order else None)
    if place is None:
        return redirect("pages:run", run_id)
    target = reverse("pages:probe", args=(run_id, place.sequence))
    return redirect(f"{target}?at={place.at}" if place.at else target)


@gzip_page
@require_safe
def probe(request: HttpRequest, run_id: UUID, number: int) -> HttpResponse:
    """The token microscope: one request, its text, and both distributions at one place of it."""
    found = _run(run_id)
    veil = _veil(found)
    row = veil.over(_observation(run_id, number))
    at = request.GET.get("at", "")
    places, k = veil.over_places(selectors.places_of(found)), selectors.top_k(found)
    shown = looking.view(row, selectors.asked(row), places, int(at) if at.isdecimal() else None, k)
    context = {
        "run": found,
        "endpoint": found.endpoint,
        "view": shown,
        "observed": row.created,
        "live": found.state in selectors.OPEN,
        "ticks": charts_microscope.TICKS,
    }
    return render(request, "pages/probe.html", context)


@require_safe
def probe_json(request: HttpRequest, run_id: UUID, number: int) -> HttpResponse:
    """One request and its answer as they are stored, with what the official weights list at its places."""
    found = _run(run_id)
    veil = _veil(found)
    row = veil.over(_observation(run_id, number))
    here = veil.over_places(place for place in selectors.places_of(found) if place.sequence == number)
    return JsonResponse(looking.raw(row, here), json_dumps_params={"indent": 2})


def _veil(found: Run) -> Veil:
    return Veil(found.baseline.hidden_sha256 or "")


def _pool(result: Mapping[str, Any] | None) -> str:
    """The digest of the hidden pool that a run's prompts are partly from; "" for none."""
    pool = ((result or {}).get("versions") or {}).get("hidden_pool")
    return str(pool or "").removeprefix("sha256:")


def _observation(run_id: UUID, number: int) -> Observation:
    row = selectors.observation(run_id, number)
    if row is None:
        raise Http404(gettext("This run has no request of this number."))
    return row


def _published(found: Run) -> Headline | None:
    """What is published of the endpoint, where this run by itself accuses it and is not what is published."""
    if found.verdict not in policy.ACCUSING:
        return None
    model = found.endpoint.model
    snapshot = selectors.snapshot_of(model.org, model.name)
    row = rows.row_of(None if snapshot is None else snapshot.board, str(found.endpoint_id))
    result = (row or {}).get("result")
    if result and result.get("verdict") == found.verdict:
        return None
    return headline(result, model.name)


def _run(run_id: UUID) -> Run:
    found = selectors.run(run_id)
    if found is None:
        raise Http404(gettext("No run of this address is public."))
    return found


def progress_context(found: Run) -> dict[str, object]:
    """How far a run is."""
    live = found.state in selectors.OPEN
    state = gettext(words.STATES.get(found.state, found.state)).capitalize()
    return {
        **(growing(found) if live else {}),
        "run": found,
        "live": live,
        "left": time_left(found, timezone.now()) if live else "",
        "stage": f"{state}: {found.stage}" if live and found.stage else state,
        "percent": min(100, round(100 * found.done / found.planned)) if found.planned else None,
        "refresh": REFRESH_SECONDS,
    }
