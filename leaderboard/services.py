"""The only writer of the tables of presentation."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from leaderboard import boards
from leaderboard.models import Snapshot
from leaderboard.selectors import latest_results
from verifier.evidence.canonical import digest
from verifier.models import Endpoint, Model


@transaction.atomic
def publish(model_id: UUID) -> Snapshot:
    """Write the board of this model as it follows from the runs that have ended, and return it.

    Publishing the same facts twice changes nothing, not even the date. Raises Model.DoesNotExist.
    """
    # Two runs of one model may end together: the second waits and publishes both.
    model = Model.objects.select_for_update().get(pk=model_id)
    endpoints = list(Endpoint.objects.filter(model=model, listed=True).select_related("provider"))
    results = latest_results([endpoint.pk for endpoint in endpoints])
    entries = []
    for endpoint in endpoints:
        latest = results.get(endpoint.pk)
        run = None if latest is None else latest.run
        entries.append(
            {
                "endpoint": _endpoint(endpoint),
                "run": None if run is None else {"id": str(run.pk), "ended": _text(run.ended)},
                "result": None if run is None else run.result,
                "missed": None if latest is None else _text(latest.missed),
            }
        )
    board = boards.build(
        {"id": str(model.pk), "org": model.org, "name": model.name, "precision": model.precision}, entries
    )
    fingerprint = digest(board)
    snapshot = Snapshot.objects.filter(model=model).first()
    if snapshot is None:
        snapshot = Snapshot(model=model)
    elif snapshot.digest == fingerprint:
        return snapshot
    snapshot.board, snapshot.digest, snapshot.published = board, fingerprint, timezone.now()
    snapshot.save()
    return snapshot


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.pk),
        "label": endpoint.label,
        "what": endpoint.what,
        "variant": endpoint.variant,
        "declared": endpoint.declared_quantization,
        "control": endpoint.is_control,
        "provider": {"slug": endpoint.provider.slug, "name": endpoint.provider.name},
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
