"""Alerts without an account: confirmed twice, ended with one click; and feeds that any reader takes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.models import Delivery, Subscription
from leaderboard.services.delivering import unsubscribe_token
from leaderboard.services.subscriptions import CONFIRM_WITHIN, UNCONFIRMED
from tests.leaderboard import factories
from tests.leaderboard.certifying import certified, ended, known
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def endpoint() -> Endpoint:
    return known()


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://localhost:8000((?:/zh-hans)?/alerts/\S+)", str(mail.body))
    assert found is not None
    return found[1]


def ask(client: Client, endpoint: Endpoint, email: str = "ada@example.org") -> str:
    response = client.post(f"/alerts/endpoints/{endpoint.pk}/", {"email": email})
    assert response.status_code == 200
    return response.content.decode()


def test_opting_in_takes_the_owner_of_the_address(
    client: Client, endpoint: Endpoint, mailoutbox: list[EmailMessage]
) -> None:
    assert "on its way" in ask(client, endpoint)
    link = link_in(mailoutbox[0])
    assert "Hear of One?" in client.get(link).content.decode()
    assert Subscription.objects.get().confirmed is None, "opening a link confirms nothing"
    assert "You will hear of it" in client.post(link).content.decode()
    assert Subscription.objects.get().confirmed is not None
    certified(endpoint)
    services.deliver_due()
    assert mailoutbox[1].subject == "One: certified"


def test_who_asks_on_a_chinese_page_confirms_on_one(
    client: Client, endpoint: Endpoint, mailoutbox: list[EmailMessage]
) -> None:
    asking = f"/zh-hans/alerts/endpoints/{endpoint.pk}/"
    assert "电子邮件地址" in client.get(asking).content.decode()
    wrong = client.post(asking, {"email": "not an address"}).content.decode()
    assert re.search(r'class="errorlist"[^>]*><li>[\u4e00-\u9fff]', wrong)
    assert "还差一步" in client.post(asking, {"email": "ada@example.org"}).content.decode()
    assert "asked Assay to mail this address" in str(mailoutbox[0].body)
    link = link_in(mailoutbox[0])
    assert link.startswith("/zh-hans/alerts/confirm/")
    assert "接收关于 One 的提醒？" in client.get(link).content.decode()
    assert "关于 One 的提醒将发送至 ada@example.org。" in client.post(link).content.decode()
    certified(endpoint)
    services.deliver_due()
    leave = link_in(mailoutbox[1])
    assert leave.startswith("/alerts/unsubscribe/"), "a worker speaks no language but English"
    assert "不再接收关于 One 的提醒？" in client.get(f"/zh-hans{leave}").content.decode()
    assert "您不会再收到提醒" in client.post(f"/zh-hans{leave}").content.decode()
    assert "没有邮件发往此处" in client.get(f"/zh-hans{leave}").content.decode()
    for path in ("confirm", "unsubscribe"):
        assert "链接" in client.post(f"/zh-hans/alerts/{path}/nonsense/").content.decode()


@pytest.mark.parametrize("path", ["models/HuggingFaceTB/SmolLM2-135M-Instruct", "providers/test-lab"])
def test_models_and_providers_too(
    client: Client, endpoint: Endpoint, mailoutbox: list[EmailMessage], path: str
) -> None:
    assert client.get(f"/alerts/{path}/").status_code == 200
    client.post(f"/alerts/{path}/", {"email": "ada@example.org"})
    client.post(link_in(mailoutbox[0]))
    ended(endpoint, "faithful")
    services.request_certificate(endpoint)
    assert Delivery.objects.count() == 1


def test_one_click_ends_it_without_a_cookie_and_forgets_the_address(endpoint: Endpoint) -> None:
    subscription = Subscription.objects.create(
        email="ada@example.org", confirmed=timezone.now(), asked=timezone.now(), endpoint=endpoint
    )
    link = f"/alerts/unsubscribe/{unsubscribe_token(subscription)}/"
    browser = Client(enforce_csrf_checks=True)
    assert "Hear no more of One?" in browser.get(link).content.decode()
    assert Subscription.objects.exists(), "opening a link ends nothing"
    # As RFC 8058 has a mail program send it.
    answer = browser.post(link, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert not Subscription.objects.exists()
    assert browser.post(link).status_code == 200, "a second click does no harm"
    assert browser.get(link).status_code == 404


def test_links_cannot_be_made_up_or_swapped(
    client: Client, endpoint: Endpoint, mailoutbox: list[EmailMessage]
) -> None:
    ask(client, endpoint)
    link = link_in(mailoutbox[0])
    token = link.split("/")[3]
    assert client.post(f"/alerts/unsubscribe/{token}/").status_code == 404
    for wrong in (token[:-1] + "x", str(Subscription.objects.get().pk), "nonsense"):
        assert client.post(f"/alerts/confirm/{wrong}/").status_code == 404
    leave = unsubscribe_token(Subscription.objects.get())
    assert client.post(f"/alerts/confirm/{leave}/").status_code == 404
    assert Subscription.objects.get().confirmed is None


def test_nobodys_mailbox_is_filled_and_nobody_learns_who_subscribed(
    client: Client, endpoint: Endpoint, mailoutbox: list[EmailMessage]
) -> None:
    answers = {re.sub(r"csrf.*", "", ask(client, endpoint)) for _ in range(3)}
    assert len(mailoutbox) == 1
    client.post(link_in(mailoutbox[0]))
    answers.add(re.sub(r"csrf.*", "", ask(client, endpoint)))
    assert len(mailoutbox) == 1
    assert len(answers) == 1
    for number in range(UNCONFIRMED + 2):
        ask(client, factories.endpoint(f"More {number}"), "eve@example.org")
    assert len(mailoutbox) == 1 + UNCONFIRMED


def test_what_was_not_confirmed_is_forgotten(client: Client, endpoint: Endpoint) -> None:
    ask(client, endpoint)
    assert services.forget_unconfirmed() == 0
    Subscription.objects.update(asked=timezone.now() - CONFIRM_WITHIN - timedelta(hours=1))
    assert services.forget_unconfirmed() == 1


def test_what_is_no_address_is_told_and_what_is_not_listed_is_not_there(
    client: Client, endpoint: Endpoint
) -> None:
    response = client.post(f"/alerts/endpoints/{endpoint.pk}/", {"email": "not an address"})
    assert response.status_code == 400
    assert "valid email" in response.content.decode()
    hidden = factories.endpoint("Hidden", listed=False)
    for path in (f"endpoints/{hidden.pk}", f"endpoints/{uuid7()}", "models/a/b", "providers/nobody"):
        assert client.get(f"/alerts/{path}/").status_code == 404
        assert client.get(f"/feeds/{path}.atom").status_code == 404


def entries(client: Client, path: str) -> list[ElementTree.Element]:
    response = client.get(f"/feeds/{path}.atom")
    assert response["Content-Type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")


def test_feeds_tell_of_an_endpoint_its_model_its_provider_and_all(client: Client, endpoint: Endpoint) -> None:
    other = known("Other", of=factories.model("a", "b"), by=factories.provider("p", "P"))
    made, _ = certified(endpoint), certified(other)
    for path in (
        f"endpoints/{endpoint.pk}",
        "models/HuggingFaceTB/SmolLM2-135M-Instruct",
        "providers/test-lab",
    ):
        (entry,) = entries(client, path)
        assert entry.findtext(f"{ATOM}title") == "One: certified"
        assert (entry.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert link.get("href") == f"http://testserver/certificates/{made.pk}/"
    assert len(entries(client, "all")) == 2
    Endpoint.objects.filter(pk=endpoint.pk).update(listed=False)
    assert [one.findtext(f"{ATOM}title") for one in entries(client, "all")] == ["Other: certified"]


def test_a_strangers_name_stays_text_in_a_feed(client: Client) -> None:
    certified(known("<script>alert(1)</script>\u202e"))
    (entry,) = entries(client, "all")
    assert entry.findtext(f"{ATOM}title") == "<script>alert(1)</script>[U+202E]: certified"
