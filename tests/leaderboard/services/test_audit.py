from __future__ import annotations

import pytest
from django.db import transaction

from leaderboard.models import AuditEvent, AuditEventIsFinal
from leaderboard.services import audit
from tests.leaderboard import factories, people

pytestmark = pytest.mark.django_db


def test_who_acts_is_known_from_the_context() -> None:
    endpoint, ada = factories.endpoint("One"), people.user()
    assert audit.record("endpoint.changed", endpoint).acted_as == "server"
    with audit.acting(lambda: ada):
        event = audit.record("endpoint.changed", endpoint, details={"label": ["a", "b"]})
    assert (event.actor, event.acted_as) == (ada, "an account")
    assert (event.subject_kind, event.subject_id) == ("endpoint", str(endpoint.pk))
    assert audit.actor() is None


def test_an_operator_and_an_organisation_are_named_persons_are_not() -> None:
    endpoint, staff = factories.endpoint("One"), people.user("op@example.org", staff=True)
    assert audit.record("endpoint.changed", endpoint, by=staff).acted_as == "operator"
    organisation = people.organisation()
    event = audit.record("endpoint.changed", endpoint, by=people.user(), organisation=organisation)
    assert event.acted_as == "Example Inference"
    assert "ada" not in str(event)


def test_what_was_recorded_is_final_and_outlives_the_account() -> None:
    ada = people.user()
    event = audit.record("endpoint.changed", factories.endpoint("One"), by=ada)
    event.action = "nothing"
    with pytest.raises(AuditEventIsFinal), transaction.atomic():
        event.save()
    with pytest.raises(AuditEventIsFinal), transaction.atomic():
        event.delete()
    ada.delete()
    kept = AuditEvent.objects.get(pk=event.pk)
    assert (kept.action, kept.actor, kept.acted_as) == ("endpoint.changed", None, "an account")
