"""What is read of alerts: the feeds, and what is to be delivered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from leaderboard.models import Alert, Delivery, DeliveryState, Organisation, Subscription, Webhook

SHOWN = 50
"""Alerts in a feed."""


def alerts(**subject: object) -> list[Alert]:
    """The latest alerts of listed endpoints: of an `endpoint`, `model` or `provider`, else all."""
    wanted = {name if name == "endpoint" else f"endpoint__{name}": value for name, value in subject.items()}
    found = Alert.objects.select_related("endpoint__model", "endpoint__provider")
    return list(found.filter(endpoint__listed=True, **wanted).order_by("-created", "-id")[:SHOWN])


def _interested(alert: Alert) -> Q:
    endpoint = alert.endpoint
    return Q(endpoint=endpoint.pk) | Q(model=endpoint.model_id) | Q(provider=endpoint.provider_id)


def subscriptions_to(alert: Alert) -> QuerySet[Subscription]:
    """The confirmed addresses that want to hear of it, one an address."""
    found = Subscription.objects.filter(_interested(alert), confirmed__isnull=False)
    first: dict[str, UUID] = {}
    for pk, email in found.order_by("created").values_list("pk", "email"):
        first.setdefault(email, pk)
    return found.filter(pk__in=first.values())


def webhooks_to(alert: Alert) -> QuerySet[Webhook]:
    """The active webhooks that want to hear of it."""
    everything = Q(endpoint=None, model=None, provider=None)
    return Webhook.objects.filter(_interested(alert) | everything, active=True)


def webhooks_of(organisation: Organisation) -> QuerySet[Webhook]:
    """An organisation's own webhooks."""
    return Webhook.objects.filter(organisation=organisation).select_related("model", "provider")


def due_deliveries(now: datetime, limit: int) -> list[UUID]:
    """What is to be sent now, the longest due first."""
    found = Delivery.objects.filter(state=DeliveryState.WAITING, due__lte=now).order_by("due", "pk")
    return list(found.values_list("pk", flat=True)[:limit])


def deliveries_of(webhook_id: UUID, limit: int = 50) -> list[Delivery]:
    """The delivery log of a webhook, newest first, with every attempt. Two queries."""
    found = Delivery.objects.filter(webhook=webhook_id).select_related("alert").prefetch_related("log")
    return list(found.order_by("-created", "-id")[:limit])
