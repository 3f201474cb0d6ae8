from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from leaderboard.services import publish
from tests.leaderboard import factories

pytestmark = pytest.mark.django_db


def test_the_operator_reads_what_is_published_and_never_edits_it(admin_client: Client) -> None:
    snapshot = publish(factories.endpoint("One").model_id)
    listed = admin_client.get(reverse("admin:leaderboard_snapshot_changelist"))
    assert snapshot.digest in listed.content.decode()
    change = reverse("admin:leaderboard_snapshot_change", args=[snapshot.pk])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"digest": "x"}).status_code == 403
    assert admin_client.get(reverse("admin:leaderboard_snapshot_add")).status_code == 403
    assert (
        admin_client.post(reverse("admin:leaderboard_snapshot_delete", args=[snapshot.pk])).status_code == 403
    )
