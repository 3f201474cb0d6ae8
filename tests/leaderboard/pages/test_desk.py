"""The operator's desk: everything on it, and nobody else at it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.certification import State
from leaderboard.models import AuditEvent, Delivery, DeliveryState, Dispute, Submission
from tests.leaderboard import factories, people
from tests.leaderboard.certifying import certified, ended, known
from verifier.models import Endpoint, Run, RunState

pytestmark = pytest.mark.django_db
DESK = f"/{configured.ADMIN_PATH}desk/"


@pytest.fixture
def endpoint() -> Endpoint:
    return known("Lab one")


def failed(endpoint: Endpoint) -> Run:
    run = factories.open_run(endpoint)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.FAILED, error="The disk is full.", ended=timezone.now()
    )
    return run


def act(client: Client, what: str, which: Any, **said: str) -> str:
    response = client.post(f"{DESK}{what}/{which}/", said, follow=True)
    assert response.redirect_chain == [(DESK, 302)]
    return response.content.decode()


def test_an_empty_desk_says_so(admin_client: Client) -> None:
    page = admin_client.get(DESK).content.decode()
    assert "None is open." in page
    assert "Nothing this week." in page
    assert 'href="/operator/desk/"' in admin_client.get(f"/{configured.ADMIN_PATH}").content.decode()


def test_a_failed_run_says_why_and_is_made_again(admin_client: Client, endpoint: Endpoint) -> None:
    run = failed(endpoint)
    assert "The disk is full." in admin_client.get(DESK).content.decode()
    assert "A run of Lab one is queued." in act(admin_client, "rerun", run.pk)
    again = Run.objects.get(state=RunState.QUEUED)
    assert "already queued or running" in act(admin_client, "rerun", run.pk)
    assert "is cancelled" in act(admin_client, "cancel", again.pk)
    assert "can&#x27;t become cancelled" in act(admin_client, "cancel", again.pk)
    assert set(AuditEvent.objects.values_list("action", "acted_as")) >= {
        ("run.queued", "operator"),
        ("run.cancelled", "operator"),
    }


def test_an_objection_is_answered_here(admin_client: Client, endpoint: Endpoint) -> None:
    owner = people.user()
    organisation = people.organisation(owner=owner)
    Submission.objects.create(organisation=organisation, endpoint=endpoint, state="published")
    run = ended(endpoint, "deviating", ago=1)
    made = services.open_dispute(run, owner, organisation, statement="<b>It is our template.</b>")
    assert "&lt;b&gt;It is our template." in admin_client.get(DESK).content.decode()
    assert "gives its reasons" in act(admin_client, "answer", made.pk, outcome="upheld", answer=" ")
    act(admin_client, "answer", made.pk, outcome="upheld", answer="It is another one.")
    assert Dispute.objects.get().outcome == "upheld"


def test_a_certificate_is_revoked_with_a_public_reason(admin_client: Client, endpoint: Endpoint) -> None:
    made = certified(endpoint)
    assert "with a reason" in act(admin_client, "revoke", made.pk)
    act(admin_client, "revoke", made.pk, note="Granted by mistake.")
    made.refresh_from_db()
    assert made.state == State.REVOKED
    assert "Granted by mistake." in Client().get(f"/certificates/{made.pk}/").content.decode()


def test_alerts_are_sent_again_and_endpoints_listed(admin_client: Client, endpoint: Endpoint) -> None:
    hidden = factories.endpoint("Hidden", listed=False, base_url="https://8.8.8.8/v1")
    webhook = services.add_webhook("https://8.8.8.8/hook")[0]
    services.tell("x", endpoint, title="A title", text="", path="/")
    Delivery.objects.update(state=DeliveryState.DEAD)
    page = admin_client.get(DESK).content.decode()
    assert webhook.url in page
    act(admin_client, "replay", Delivery.objects.get().pk)
    assert Delivery.objects.get().state == DeliveryState.WAITING
    act(admin_client, "list", hidden.pk)
    assert Endpoint.objects.get(pk=hidden.pk).listed


def test_nobody_else_sits_at_it(client: Client, endpoint: Endpoint) -> None:
    run = factories.open_run(endpoint)
    plain, staff = people.user(), User.objects.create_user("clerk", "c@example.org", "x", is_staff=True)
    for person, status in ((None, 302), (plain, 302), (staff, 403)):
        if person is not None:
            client.force_login(person)
        assert client.get(DESK).status_code == status
        assert client.post(f"{DESK}cancel/{run.pk}/").status_code == status
    assert Run.objects.get().state == RunState.RUNNING


def test_what_is_not_there_is_said_to_be_gone(admin_client: Client) -> None:
    for what in ("rerun", "cancel", "replay", "answer", "revoke", "list", "nonsense"):
        assert admin_client.post(f"{DESK}{what}/{uuid7()}/", {"note": "x"}).status_code == 404, what
    assert admin_client.get(f"{DESK}cancel/{uuid7()}/").status_code == 405


def test_the_desk_reads_as_little_however_much_lies_on_it(
    admin_client: Client, endpoint: Endpoint, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        failed(endpoint)
    with django_assert_max_num_queries(16):
        admin_client.get(DESK)


def test_an_endpoints_page_shows_where_it_stands(client: Client, endpoint: Endpoint) -> None:
    made = certified(endpoint)
    page = client.get(f"/endpoints/{endpoint.pk}/").content.decode()
    assert f'href="/certificates/{made.pk}/">Certificate: certified' in page
    assert f'href="/feeds/endpoints/{endpoint.pk}.atom"' in page
