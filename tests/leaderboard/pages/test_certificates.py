from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.models import Certificate
from tests.leaderboard import factories
from tests.leaderboard.certifying import certified, known
from verifier.certificate import check
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate() -> Certificate:
    return certified(known(what="<b>bold</b>"))


def test_a_certificate_tells_where_it_stands_and_why(client: Client, certificate: Certificate) -> None:
    page = client.get(f"/certificates/{certificate.pk}/").content.decode()
    assert re.search(r"<h1.*>Certified</span></h1>", page)
    assert "Valid until" in page
    assert page.index("A deep run found it faithful.") < page.index("A certificate was asked for")
    assert f"/runs/{certificate.run_id}/" in page


def test_anybody_checks_it_from_its_addresses_alone(client: Client, certificate: Certificate) -> None:
    at = f"/certificates/{certificate.pk}"
    document = client.get(f"{at}/statement.json")
    status = client.get(f"{at}/status.json")
    assert document["Cache-Control"] == status["Cache-Control"] == "no-store"
    keys = json.dumps(services.published_keys()).encode()
    answer = check(document.content, keys, now=timezone.now(), status=status.content)
    assert answer.ok, answer


def test_what_is_not_public_is_not_there(client: Client, certificate: Certificate) -> None:
    Endpoint.objects.filter(pk=certificate.endpoint_id).update(listed=False)
    for what in (certificate.pk, uuid7()):
        for page in ("", "statement.json", "status.json"):
            assert client.get(f"/certificates/{what}/{page}").status_code == 404


def test_what_was_never_granted_has_no_document(client: Client) -> None:
    asked = services.request_certificate(factories.endpoint("New"))
    assert "not granted yet" in client.get(f"/certificates/{asked.pk}/").content.decode()
    assert client.get(f"/certificates/{asked.pk}/statement.json").status_code == 404


def test_a_certificate_reads_little(
    client: Client, certificate: Certificate, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        client.get(f"/certificates/{certificate.pk}/")
