"""Telling what happened: the alert is written with the change itself, and each delivery with the alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from leaderboard.models import Alert, Certificate, Delivery, DeliveryState
from leaderboard.selectors import alerts as known
from verifier.models import Endpoint

log = structlog.get_logger(__name__)

DELIVER = "leaderboard.deliver"


@transaction.atomic
def tell(
    kind: str,
    endpoint: Endpoint,
    *,
    title: str,
    text: str,
    path: str,
    certificate: Certificate | None = None,
    data: Mapping[str, Any] | None = None,
) -> Alert:
    """Write an alert, and what is to be delivered of it; a worker is called once that is committed."""
    alert = Alert.objects.create(
        kind=kind,
        endpoint=endpoint,
        certificate=certificate,
        title=title[:300],
        text=text,
        path=path,
        data={
            "endpoint": {"id": str(endpoint.pk), "label": endpoint.label},
            "model": endpoint.model.slug,
            "provider": endpoint.provider.slug,
            **(data or {}),
        },
    )
    now = timezone.now()
    made = [Delivery(alert=alert, webhook=webhook, due=now) for webhook in known.webhooks_to(alert)]
    made += [Delivery(alert=alert, subscription=one, due=now) for one in known.subscriptions_to(alert)]
    Delivery.objects.bulk_create(made)
    for one in made:
        ring_on_commit(one.pk)
    return alert


@transaction.atomic
def replay(delivery_id: UUID) -> Delivery:
    """Send once more what was sent or given up, under the same id. Raises Delivery.DoesNotExist."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    delivery.state, delivery.attempts, delivery.due = DeliveryState.WAITING, 0, timezone.now()
    delivery.save(update_fields=["state", "attempts", "due"])
    ring_on_commit(delivery.pk)
    return delivery


def ring_on_commit(delivery_id: UUID) -> None:
    """Call a worker to a delivery once the present transaction is committed; lost calls are made again."""
    transaction.on_commit(lambda: _ring(delivery_id), robust=True)


def _ring(delivery_id: UUID) -> None:
    try:
        current_app.send_task(DELIVER, args=[str(delivery_id)], queue="assay.sweep", retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("broker not reached; it is delivered later", delivery=str(delivery_id), error=str(error))
