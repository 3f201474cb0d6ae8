"""A request that is sent twice acts once (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from leaderboard.models import KeptAnswer, Organisation

KEPT = timedelta(days=1)

Answer = tuple[int, dict[str, Any]]


class KeyReused(Exception):
    """This key was sent with another request."""


@transaction.atomic
def once(
    organisation: Organisation, key: str, request: bytes, act: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """What `act` answers, and whether that was kept from an earlier request of the same key.

    The key's row is written first: a second request waits for the first one's end. An act that raises leaves
    nothing behind, so that it can be tried again. `request` is kept as a keyed hash alone: it may hold a
    secret. Raises KeyReused.
    """
    now = timezone.now()
    digest = salted_hmac("assay.idempotency", request, algorithm="sha256").hexdigest()
    KeptAnswer.objects.filter(organisation=organisation, key=key, at__lt=now - KEPT).delete()
    row, new = KeptAnswer.objects.get_or_create(
        organisation=organisation, key=key, defaults={"digest": digest, "at": now}
    )
    if not new:
        if row.digest != digest:
            raise KeyReused
        return (row.status, row.body), True
    row.status, row.body = act()
    row.save(update_fields=["status", "body"])
    return (row.status, row.body), False


def forget_answers() -> int:
    """Delete the answers that are no longer given again."""
    return KeptAnswer.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
