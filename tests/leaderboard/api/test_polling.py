"""A poller of a big board: one query a request, and news only of what is new."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leaderboard import services
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db

API = "/api/v1"


def test_a_poller_of_500_endpoints_costs_one_query_a_request(
    client: Client, django_assert_num_queries: Any
) -> None:
    model, provider = factories.model(), factories.provider()
    fields = {"base_url": "https://test.invalid/v1", "upstream_model": "test-model"}
    made = Endpoint.objects.bulk_create(
        Endpoint(provider=provider, model=model, label=f"E{n}", variant=f"e{n}", **fields) for n in range(500)
    )
    for one in made[:3]:
        factories.run(one, factories.faithful())
    services.publish(model.pk)
    tags = {one.pk: client.get(f"{API}/endpoints/{one.pk}")["ETag"] for one in made}
    with django_assert_num_queries(500):
        for key, tag in tags.items():
            response = client.get(f"{API}/endpoints/{key}", headers={"If-None-Match": tag})
            assert response.status_code == 304
    news = made[7]
    factories.run(news, factories.faithful(), ended=timezone.now())
    services.publish(model.pk)
    changed = [
        key
        for key, tag in tags.items()
        if client.get(f"{API}/endpoints/{key}", headers={"If-None-Match": tag}).status_code == 200
    ]
    assert changed == [news.pk]
