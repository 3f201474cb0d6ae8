"""What is told reaches those who want to hear it: signed, repeated until it is taken, on record."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from leaderboard import services
from leaderboard.models import Alert, Delivery, DeliveryState, Subscription, Webhook
from leaderboard.selectors import alerts as known
from leaderboard.webhooks import RETRIES
from tests.leaderboard import factories
from tests.leaderboard.receiver import Got, Receiver, receiving
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with receiving(204) as server:
        settings.EGRESS_ALLOW = {server.address}
        yield server


@pytest.fixture
def endpoint() -> Endpoint:
    return factories.endpoint("One")


def tell(endpoint: Endpoint, **values: Any) -> Alert:
    known = {"title": "One: suspended", "text": "A text.", "path": "/certificates/1/", **values}
    return services.tell("certificate.suspended", endpoint, **known)


def holds(secret: str, got: Got) -> bool:
    """What a receiver does, from the specification and with nothing of ours."""
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    digest = hmac.digest(base64.b64decode(secret[6:]), signed, hashlib.sha256)
    fresh = abs(time.time() - int(got.headers["webhook-timestamp"])) < 300
    return fresh and got.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def due_now() -> None:
    Delivery.objects.filter(state=DeliveryState.WAITING).update(due=timezone.now())


def test_a_webhook_is_signed_and_tells_all(endpoint: Endpoint, receiver: Receiver) -> None:
    webhook, secret = services.add_webhook(receiver.url, endpoint)
    assert secret not in webhook.ciphertext
    alert = tell(endpoint, data={"run": None})
    assert services.deliver_due() == 1
    (got,) = receiver.got
    assert holds(secret, got)
    assert not holds("whsec_" + base64.b64encode(b"x" * 32).decode(), got)
    told = json.loads(got.body)
    assert told["type"] == "certificate.suspended"
    assert told["timestamp"] == alert.created.isoformat()
    assert told["data"]["endpoint"]["id"] == str(endpoint.pk)
    assert told["data"]["url"] == "http://localhost:8000/certificates/1/"
    delivery = Delivery.objects.get()
    assert (delivery.state, [one.status for one in delivery.log.all()]) == (DeliveryState.DONE, [204])
    assert services.deliver_due() == 0


def test_whom_it_concerns(endpoint: Endpoint, receiver: Receiver) -> None:
    other = factories.endpoint("Other", of=factories.model("a", "b"), by=factories.provider("p", "P"))
    wanted = [endpoint, endpoint.model, endpoint.provider, None]
    unwanted = [other, other.model, other.provider]
    hooks = [services.add_webhook(receiver.url, one)[0] for one in wanted]
    for one in unwanted:
        services.add_webhook(receiver.url, one)  # type: ignore[arg-type]
    tell(endpoint)
    assert {one.webhook for one in Delivery.objects.all()} == set(hooks)


def test_a_failed_delivery_is_tried_again_later_with_the_same_id(
    endpoint: Endpoint, settings: Settings
) -> None:
    with receiving(500, 503, 200) as receiver:
        settings.EGRESS_ALLOW = {receiver.address}
        _, secret = services.add_webhook(receiver.url, endpoint)
        tell(endpoint)
        for attempt in range(3):
            assert services.deliver_due() == 1
            assert services.deliver_due() == 0, "not before its time"
            if attempt < 2:
                wait = Delivery.objects.get().due - timezone.now()
                assert timedelta() < RETRIES[attempt] - wait < timedelta(seconds=2)
            due_now()
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert all(holds(secret, got) for got in receiver.got)
    delivery = Delivery.objects.get()
    assert [one.status for one in delivery.log.all()] == [500, 503, 200]
    assert delivery.state == DeliveryState.DONE


def test_after_the_last_attempt_it_is_given_up_and_may_be_replayed(
    endpoint: Endpoint, settings: Settings
) -> None:
    with receiving(500) as receiver:
        settings.EGRESS_ALLOW = {receiver.address}
        services.add_webhook(receiver.url, endpoint)
        tell(endpoint)
        for _ in range(len(RETRIES) + 1):
            due_now()
            assert services.deliver_due() == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, len(RETRIES) + 1)
        assert services.deliver_due() == 0
        receiver.statuses = [200]
        services.replay(delivery.pk)
        assert services.deliver_due() == 1
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DONE
    assert receiver.got[0].headers["webhook-id"] == receiver.got[-1].headers["webhook-id"]
    assert delivery.webhook_id is not None
    (shown,) = known.deliveries_of(delivery.webhook_id)
    assert len(shown.log.all()) == len(RETRIES) + 2


def test_a_receiver_that_is_gone_is_asked_no_more(endpoint: Endpoint, settings: Settings) -> None:
    with receiving(410) as receiver:
        settings.EGRESS_ALLOW = {receiver.address}
        services.add_webhook(receiver.url, endpoint)
        tell(endpoint)
        tell(endpoint)
        services.deliver_due()
    assert len(receiver.got) == 1
    webhook = Webhook.objects.get()
    assert not webhook.active
    assert "410" in webhook.stopped
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DEAD}
    tell(endpoint)
    assert Delivery.objects.count() == 2


def test_it_never_leads_inside(endpoint: Endpoint, receiver: Receiver, settings: Settings) -> None:
    for url in ("http://127.0.0.1:9/", "https://10.0.0.1/", "https://metadata.google.internal/", "x"):
        with pytest.raises(ValidationError) as refused:
            services.add_webhook(url, endpoint)
        assert "url" in refused.value.message_dict
    services.add_webhook(receiver.url, endpoint)
    settings.EGRESS_ALLOW = set()  # the operator has closed it since: judged again at every delivery
    tell(endpoint)
    services.deliver_due()
    assert receiver.got == []
    attempt = Delivery.objects.get().log.get()
    assert attempt.status is None
    assert "127.0.0.1" in attempt.detail


def test_two_workers_send_it_once(endpoint: Endpoint, receiver: Receiver) -> None:
    services.add_webhook(receiver.url, endpoint)
    tell(endpoint)
    delivery = Delivery.objects.get()
    assert services.deliver(delivery.pk)
    assert not services.deliver(delivery.pk)
    Delivery.objects.update(state=DeliveryState.WAITING, due=timezone.now() + timedelta(minutes=1))
    assert not services.deliver(delivery.pk), "somebody else has taken it"
    assert len(receiver.got) == 1


def confirmed(subject: Any, email: str = "ada@example.org") -> Subscription:
    about = {type(subject).__name__.lower(): subject}
    return Subscription.objects.create(email=email, confirmed=timezone.now(), asked=timezone.now(), **about)


def test_a_mail_can_be_ended_with_one_click(endpoint: Endpoint, mailoutbox: list[EmailMessage]) -> None:
    confirmed(endpoint)
    tell(endpoint)
    assert services.deliver_due() == 1
    (mail,) = mailoutbox
    assert mail.subject == "One: suspended"
    assert "http://localhost:8000/certificates/1/" in mail.body
    headers = mail.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>")
    assert link.startswith("http://localhost:8000/alerts/unsubscribe/")
    assert link in mail.body


def test_one_address_hears_of_it_once_and_the_unconfirmed_do_not(
    endpoint: Endpoint, mailoutbox: list[EmailMessage]
) -> None:
    for subject in (endpoint, endpoint.model, endpoint.provider):
        confirmed(subject)
    Subscription.objects.create(email="eve@example.org", asked=timezone.now(), endpoint=endpoint)
    tell(endpoint)
    services.deliver_due()
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"]]


def test_a_title_makes_no_header_of_its_own(endpoint: Endpoint, mailoutbox: list[EmailMessage]) -> None:
    confirmed(endpoint)
    tell(endpoint, title="One\r\nBcc: eve@example.org\n suspended")
    services.deliver_due()
    assert mailoutbox[0].subject == "One Bcc: eve@example.org suspended"
    assert mailoutbox[0].recipients() == ["ada@example.org"]


def test_a_mail_server_that_is_down_is_tried_again(endpoint: Endpoint, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    confirmed(endpoint)
    tell(endpoint)
    services.deliver_due()
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.WAITING
    assert "ConnectionRefusedError" in delivery.log.get().detail


def test_secrets_are_encrypted_anew(endpoint: Endpoint, receiver: Receiver, settings: Settings) -> None:
    from cryptography.fernet import Fernet

    webhook, secret = services.add_webhook(receiver.url, endpoint)
    old, new = settings.CREDENTIAL_KEYS[0], Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = (new, old)
    assert services.rotate_webhook_secrets() == 1
    settings.CREDENTIAL_KEYS = (new,)
    tell(endpoint)
    services.deliver_due()
    assert holds(secret, receiver.got[0])
    settings.CREDENTIAL_KEYS = (old,)
    tell(endpoint)
    services.deliver_due()
    assert "can't be decrypted" in Delivery.objects.get(state=DeliveryState.WAITING).log.get().detail
    assert webhook.pk
