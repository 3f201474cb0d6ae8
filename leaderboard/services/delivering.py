"""Sending what is due: a webhook's POST or a mail, once each attempt, with its answer on record."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from leaderboard import webhooks
from leaderboard.models import Delivery, DeliveryAttempt, DeliveryState, Subscription, Webhook
from leaderboard.selectors import alerts as known
from verifier import credentials
from verifier.client.posting import Posted, post
from verifier.credentials import CredentialUnreadable
from verifier.evidence.canonical import canonical_json
from verifier.services.registry import egress_policy

log = structlog.get_logger(__name__)

TAKEN_FOR = timedelta(minutes=2)
"""Whoever takes a delivery has that long to send it, before another one tries."""
AT_ONCE = 200
UNSUBSCRIBE = "assay.unsubscribe"


def deliver_due() -> int:
    """Send everything that is due: first attempts whose call was lost, and retries. How many were tried."""
    return sum(deliver(one) for one in known.due_deliveries(timezone.now(), AT_ONCE))


def deliver(delivery_id: UUID) -> bool:
    """Send one delivery if it is due; False where it is not, or somebody else has taken it."""
    now = timezone.now()
    waiting = Delivery.objects.filter(pk=delivery_id, state=DeliveryState.WAITING, due__lte=now)
    if not waiting.update(due=now + TAKEN_FOR, attempts=F("attempts") + 1):
        return False
    delivery = Delivery.objects.select_related("alert", "webhook", "subscription").get(pk=delivery_id)
    sent = _post(delivery, delivery.webhook) if delivery.webhook else _mail(delivery)
    _settle(delivery, sent)
    return True


def message(delivery: Delivery) -> bytes:
    """The body of a webhook: the event's type, when it happened, and its data."""
    alert = delivery.alert
    data = {**alert.data, "title": alert.title, "text": alert.text, "url": settings.SITE_URL + alert.path}
    return canonical_json({"type": alert.kind, "timestamp": alert.created.isoformat(), "data": data})


def unsubscribe_token(subscription: Subscription) -> str:
    """What stands in the link that ends a subscription; it never expires and nobody can guess it."""
    return signing.dumps(str(subscription.pk), salt=UNSUBSCRIBE)


def _post(delivery: Delivery, webhook: Webhook) -> Posted:
    if not webhook.active:
        return Posted(webhooks.GONE, "The webhook was stopped.", 0.0)
    body = message(delivery)
    try:
        secret = credentials.decrypt(webhook.ciphertext)
    except CredentialUnreadable as error:
        return Posted(None, str(error), 0.0)
    headers = webhooks.headers(secret, f"msg_{delivery.pk.hex}", int(time.time()), body)
    return async_to_sync(post)(webhook.url, headers, body, policy=egress_policy())


def _mail(delivery: Delivery) -> Posted:
    alert, subscription = delivery.alert, delivery.subscription
    assert subscription is not None, "a delivery goes to a webhook or to an address"
    leave = settings.SITE_URL + reverse("alerts:unsubscribe", args=[unsubscribe_token(subscription)])
    text = (
        f"{alert.text}\n\n{settings.SITE_URL}{alert.path}\n\n--\n"
        f"You asked to hear of {subscription.subject}. To hear no more of it:\n{leave}\n"
    )
    mail = EmailMessage(
        subject=" ".join(alert.title.split()),
        body=text,
        to=[subscription.email],
        headers={
            # RFC 8058: mail programs offer to unsubscribe with one click.
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    began = time.monotonic()
    try:
        mail.send()
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
        return Posted(None, f"The mail was not taken: {type(error).__name__}.", time.monotonic() - began)
    return Posted(200, "Handed to the mail server.", time.monotonic() - began)


@transaction.atomic
def _settle(delivery: Delivery, sent: Posted) -> None:
    """Write the attempt down, and when the next one is due if it failed."""
    DeliveryAttempt.objects.create(
        delivery=delivery, status=sent.status, detail=sent.detail[:300], seconds=sent.seconds
    )
    gone = sent.status == webhooks.GONE
    wait = None if gone else webhooks.retry_after(delivery.attempts)
    if sent.ok:
        Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.DONE)
    elif wait is None:
        Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.DEAD)
        log.warning("delivery given up", delivery=str(delivery.pk), reason=sent.detail)
    else:
        Delivery.objects.filter(pk=delivery.pk).update(due=timezone.now() + wait)
    if gone and delivery.webhook_id is not None:
        Webhook.objects.filter(pk=delivery.webhook_id, active=True).update(
            active=False, stopped="Its receiver answered 410: it wants no more."
        )
