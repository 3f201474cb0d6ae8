"""What the API serves: one ready document an endpoint, and the history of every change of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from leaderboard import documents
from leaderboard.models import Change, PublishedEndpoint, Snapshot
from verifier.evidence.canonical import digest
from verifier.models import Provider

_WRITTEN = [field.attname for field in PublishedEndpoint._meta.concrete_fields if not field.primary_key]


def serve(snapshot: Snapshot) -> None:
    """Write what this board says of each of its endpoints, where it says something new, and what changed.

    Belongs to the transaction that publishes the board. Endpoints that the board no longer has are not served
    any more; their history stays.
    """
    board, now = snapshot.board, timezone.now()
    known = {one.pk: one for one in PublishedEndpoint.objects.filter(model=snapshot.model_id)}
    found = [documents.endpoint(board["model"], row) for row in board["rows"]]
    providers = dict(
        Provider.objects.filter(slug__in={one["provider"]["slug"] for one in found}).values_list("slug", "id")
    )
    written, changes = [], []
    for document in found:
        before, fingerprint = known.pop(UUID(document["id"]), None), digest(document)
        if before is not None and before.digest == fingerprint:
            continue
        changes.append(_change(None if before is None else before.document, document, now))
        written.append(
            PublishedEndpoint(
                endpoint_id=UUID(document["id"]),
                model_id=snapshot.model_id,
                provider_id=providers[document["provider"]["slug"]],
                document=document,
                digest=fingerprint,
                changed=now,
                **_columns(document),
            )
        )
    changes += [_change(gone.document, None, now) for gone in known.values()]
    PublishedEndpoint.objects.filter(pk__in=list(known)).delete()
    PublishedEndpoint.objects.bulk_create(
        written, update_conflicts=True, unique_fields=["endpoint"], update_fields=_WRITTEN
    )
    Change.objects.bulk_create(changes)


def _change(before: dict[str, Any] | None, after: dict[str, Any] | None, at: datetime) -> Change:
    kind, document = documents.change(before, after)
    run = document["run"]
    return Change(
        endpoint_id=UUID(document["endpoint"]["id"]),
        kind=kind,
        at=at,
        run_id=None if run is None else UUID(run["id"]),
        verdict=(document["after"] or {}).get("verdict") or "",
        document=document,
    )


def _columns(document: dict[str, Any]) -> dict[str, Any]:
    """What a document is filtered by."""
    declaration, price = document["declaration"], document["price"]
    return {
        "verdict": document["verdict"] or "",
        "grade": document["grade"] or "",
        "evidence_level": document["evidence_level"] or "",
        "declared": declaration["declared"] or "",
        "measured": declaration["measured"] or "",
        "certified": (document["certificate"] or {}).get("state") == "certified",
        "control": document["control"],
        "tools": document["tools"],
        "fidelity": (document["fidelity"] or {}).get("value"),
        "price_in": _price(price["input"]),
        "price_out": _price(price["output"]),
        "first_token_ms": (document["speed"]["first_token_ms"] or {}).get("p50"),
    }


def _price(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
