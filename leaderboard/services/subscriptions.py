"""Addresses and webhooks that want to hear of an endpoint, a model or a provider."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from leaderboard import webhooks
from leaderboard.models import Organisation, Subscription, Webhook
from leaderboard.services.delivering import UNSUBSCRIBE
from verifier import credentials
from verifier.client.egress import check_url
from verifier.models import Endpoint, Model, Provider
from verifier.services.registry import egress_policy

CONFIRM = "assay.subscribe"
CONFIRM_WITHIN = timedelta(days=3)
ASK_AGAIN_AFTER = timedelta(hours=1)
UNCONFIRMED = 5
"""Subscriptions that an address may leave unconfirmed: nobody's mailbox is filled through us."""

MOST_WEBHOOKS = 50
"""Of one organisation."""

Subject = Endpoint | Model | Provider


def subscribe(email: str, subject: Subject) -> None:
    """Mail the address a link by which its owner confirms. Says nothing of whether it is known already.

    Raises ValidationError for what is no address.
    """
    email = email.strip().lower()
    now = timezone.now()
    with transaction.atomic():
        # The row of the subject is the lock: two at once ask for one mail.
        type(subject).objects.select_for_update().get(pk=subject.pk)
        about = {_name(subject): subject}
        known = Subscription.objects.filter(email=email, **about).first()
        if known is not None and (known.confirmed or now - known.asked < ASK_AGAIN_AFTER):
            return
        waiting = Subscription.objects.filter(email=email, confirmed=None)
        if known is None and waiting.count() >= UNCONFIRMED:
            return
        subscription = known or Subscription(email=email, **about)
        subscription.asked = now
        subscription.full_clean()
        subscription.save()
    token = signing.dumps(str(subscription.pk), salt=CONFIRM)
    link = settings.SITE_URL + reverse("alerts:confirm", args=[token])
    EmailMessage(
        subject=f"Confirm: alerts about {' '.join(str(subject).split())}",
        body=f"Somebody, probably you, asked Assay to mail this address about {subject}.\n\n"
        f"If it was you, confirm within {CONFIRM_WITHIN.days} days:\n{link}\n\n"
        "If not, do nothing: you will hear no more of it.\n",
        to=[email],
        headers={"Auto-Submitted": "auto-generated"},
    ).send(fail_silently=True)


def confirm_subscription(token: str) -> Subscription | None:
    """The owner of the address wants it. None for a link that is wrong, too old, or of what is gone."""
    found = _of(token, CONFIRM, CONFIRM_WITHIN)
    if found is not None and found.confirmed is None:
        found.confirmed = timezone.now()
        found.save(update_fields=["confirmed"])
    return found


def unsubscribe(token: str) -> bool:
    """Forget the subscription and its address; whether the link is one of ours. Twice does no harm."""
    try:
        pk = signing.loads(token, salt=UNSUBSCRIBE)
    except signing.BadSignature:
        return False
    Subscription.objects.filter(pk=pk).delete()
    return True


def forget_unconfirmed() -> int:
    """Delete the addresses whose owners did not confirm in time."""
    late = timezone.now() - CONFIRM_WITHIN
    return Subscription.objects.filter(confirmed=None, asked__lt=late).delete()[0]


def add_webhook(
    url: str, subject: Subject | None = None, *, organisation: Organisation | None = None
) -> tuple[Webhook, str]:
    """Post to this address from now on; the webhook and its secret, which is shown this once.

    Raises ValidationError, keyed `url`, for an address that our workers would not post to.
    """
    checked = check_url(url, egress_policy())
    if not checked.ok:
        raise ValidationError({"url": checked.reason})
    secret = webhooks.new_secret()
    about = {} if subject is None else {_name(subject): subject}
    webhook = Webhook(url=url, ciphertext=credentials.encrypt(secret), organisation=organisation, **about)
    if (
        organisation is not None
        and Webhook.objects.filter(organisation=organisation).count() >= MOST_WEBHOOKS
    ):
        raise ValidationError({"url": f"There are {MOST_WEBHOOKS} webhooks already. Remove one first."})
    webhook.full_clean()
    webhook.save()
    return webhook, secret


def remove_webhook(webhook: Webhook) -> None:
    """Post there no more, and forget its secret and its delivery log."""
    webhook.delete()


@transaction.atomic
def rotate_webhook_secrets() -> int:
    """Encrypt every webhook's secret with the first of CREDENTIAL_KEYS. Raises CredentialUnreadable."""
    stored = list(Webhook.objects.select_for_update())
    for webhook in stored:
        webhook.ciphertext = credentials.rotate(webhook.ciphertext)
        webhook.save(update_fields=["ciphertext"])
    return len(stored)


def subscription_of(token: str, *, leaving: bool) -> Subscription | None:
    """Whose link this is: the one that confirms, or the one that ends."""
    return _of(token, UNSUBSCRIBE, None) if leaving else _of(token, CONFIRM, CONFIRM_WITHIN)


def _of(token: str, salt: str, within: timedelta | None) -> Subscription | None:
    try:
        pk = signing.loads(token, salt=salt, max_age=within)
    except signing.BadSignature:
        return None
    found = Subscription.objects.select_related("endpoint", "model", "provider")
    return found.filter(pk=pk).first()


def _name(subject: Subject) -> str:
    return type(subject).__name__.lower()
