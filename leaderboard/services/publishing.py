"""Publishing: the board of a model, and what one board's news mean for the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from leaderboard import boards, documents, publication
from leaderboard.integrity import facts as log_facts
from leaderboard.models import Snapshot
from leaderboard.publication import Evidence, Standing
from leaderboard.selectors.boards import Listed, evidence_of_listed, latest_results
from leaderboard.selectors.certificates import published_certificates
from leaderboard.services.serving import serve
from leaderboard.services.transparency import append_all
from verifier import services as facts
from verifier.evidence.canonical import digest
from verifier.models import Endpoint, Model
from verifier.selectors import current_baseline, open_run

log = structlog.get_logger(__name__)


@transaction.atomic
def publish(model_id: UUID) -> Snapshot:
    """Write the board of this model as it follows from the runs that have ended, and return it.

    An accusation is published when it holds among all listed endpoints, of whatever model; until then the
    board says that it awaits confirmation. Publishing the same facts twice changes nothing, not even the
    date. Raises Model.DoesNotExist.
    """
    # Two runs of one model may end together: the second waits and publishes both.
    model = Model.objects.select_for_update().get(pk=model_id)
    listed = evidence_of_listed()
    found = _standings(listed)
    endpoints = list(Endpoint.objects.filter(model=model, listed=True).select_related("provider"))
    speaking = {one.pk: UUID(found[one.pk].run) for one in endpoints if one.pk in found}
    certificates = published_certificates([endpoint.pk for endpoint in endpoints])
    results = latest_results([endpoint.pk for endpoint in endpoints], speaking)
    entries = []
    for endpoint in endpoints:
        latest = results.get(endpoint.pk)
        run = None if latest is None else latest.run
        result = None
        if run is not None and run.result is not None:
            result = publication.shown(run.result, _awaits(found.get(endpoint.pk)))
        entries.append(
            {
                "endpoint": {**_endpoint(endpoint), "certificate": certificates.get(endpoint.pk)},
                "run": None if run is None else {"id": str(run.pk), "ended": _text(run.ended)},
                "result": result,
                "missed": None if latest is None else _text(latest.missed),
            }
        )
    digests = {
        str(key): digest(latest.run.result)
        for key, latest in results.items()
        if latest.run.result is not None
    }
    board = boards.build(_model(model), entries)
    fingerprint, standing = digest(board), _digests(listed, found).get(model_id, "")
    snapshot = Snapshot.objects.filter(model=model).first()
    if snapshot is None:
        snapshot = Snapshot(model=model)
    elif (snapshot.digest, snapshot.standing) == (fingerprint, standing):
        return snapshot
    former, changed = snapshot.board, snapshot.digest != fingerprint
    if changed:
        snapshot.board, snapshot.digest, snapshot.published = board, fingerprint, timezone.now()
    snapshot.summary = documents.summary(board)
    snapshot.standing = standing
    snapshot.save()
    serve(snapshot)
    if changed:
        _tell(snapshot, former, digests)
    return snapshot


def _tell(snapshot: Snapshot, former: Mapping[str, Any] | None, digests: Mapping[str, str]) -> None:
    """Append what was published to the transparency log. `digests`: of each endpoint's result."""
    board = snapshot.board
    told = [
        log_facts.verdict_fact(board, row, digests.get(row["endpoint"]["id"], "")) for row in board["rows"]
    ]
    append_all(
        [
            *log_facts.suite_facts(board),
            *(fact for fact in told if fact is not None),
            *log_facts.withdrawal_facts(former, board),
            log_facts.board_fact(board, snapshot.digest, snapshot.published.isoformat()),
        ]
    )


def follow_up() -> None:
    """What one board's news mean for the rest: publish the boards whose standing moved, ask who must confirm.

    An accusation that is published lowers what the next one takes, a newly listed endpoint raises it.
    """
    listed = evidence_of_listed()
    found = _standings(listed)
    now = _digests(listed, found)
    for model_id, standing in Snapshot.objects.order_by("model").values_list("model", "standing"):
        if now.get(model_id, "") != standing:
            publish(model_id)
    for endpoint_id, one in found.items():
        if one.awaits is not None and open_run(endpoint_id) is None:
            _confirm(endpoint_id, one.awaits, listed[endpoint_id].runs[0])


def _confirm(endpoint_id: UUID, awaits: publication.Awaits, newest: Evidence) -> None:
    """Queue a run that goes on until the evidence of both is enough, unless there were enough of them.

    Where the baseline or the endpoint is another one by now, nothing multiplies in: it stands for itself.
    """
    endpoint = Endpoint.objects.select_related("model").get(pk=endpoint_id)
    baseline = current_baseline(endpoint.model_id)
    wanting = awaits.needed
    if baseline is not None and str(baseline.pk) == newest.baseline and newest.present:
        wanting /= max(1.0, awaits.e_value)
    try:
        run = facts.confirm_run(endpoint, settings={"accuse_at": max(1.0, wanting)})
    except facts.RunNotPossible as error:
        log.info("not confirmed now", endpoint=str(endpoint_id), reason=str(error))
    else:
        log.info("confirming", endpoint=str(endpoint_id), run=str(run.pk), wanting=wanting)


def _standings(listed: Mapping[UUID, Listed]) -> dict[UUID, Standing]:
    found = publication.standings({str(key): one.runs for key, one in listed.items()})
    return {UUID(key): standing for key, standing in found.items()}


def _digests(listed: Mapping[UUID, Listed], found: Mapping[UUID, Standing]) -> dict[UUID, str]:
    """Model id -> digest of the standing of its measured endpoints."""
    by_model: dict[UUID, list[Any]] = {}
    for key, standing in found.items():
        known = [str(key), standing.run, _awaits(standing)]
        by_model.setdefault(listed[key].model_id, []).append(known)
    return {model_id: digest({"standing": sorted(known)}) for model_id, known in by_model.items()}


def _awaits(standing: Standing | None) -> dict[str, float | int] | None:
    return None if standing is None or standing.awaits is None else standing.awaits.to_json()


def _model(model: Model) -> dict[str, Any]:
    return {
        "id": str(model.pk),
        "org": model.org,
        "name": model.name,
        "precision": model.precision,
        "licence": model.licence,
        "url": model.url,
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.pk),
        "label": endpoint.label,
        "what": endpoint.what,
        "variant": endpoint.variant,
        "declared": endpoint.declared_quantization,
        "control": endpoint.is_control,
        "base_url": endpoint.base_url,
        "upstream_model": endpoint.upstream_model,
        "region": endpoint.region,
        "price_in": _number(endpoint.price_in),
        "price_out": _number(endpoint.price_out),
        "provider": {"slug": endpoint.provider.slug, "name": endpoint.provider.name},
    }


def _number(price: Decimal | None) -> float | None:
    return None if price is None else float(price)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
