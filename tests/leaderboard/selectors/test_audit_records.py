"""Objections, signing keys and retired pools are what the log says, or `verify_log` names them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from leaderboard import services
from leaderboard.models import Alert, Dispute, HiddenPool, SigningKey, Submission
from tests.leaderboard import certifying, people
from tests.leaderboard.verifying import differences, verified

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> None:
    """An evidence storage of this test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "evidence")},
        },
    }


DISPUTE_CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "its outcome": (
        lambda: Dispute.objects.update(outcome="corrected"),
        'Objection {id} was changed: outcome is "corrected", and it was published as "upheld"',
    ),
    "its answer": (
        lambda: Dispute.objects.update(answer="We were wrong."),
        'Objection {id} was changed: answer is "We were wrong."',
    ),
    "what was said": (
        lambda: Dispute.objects.update(statement="All is well."),
        "Objection {id} was changed: statement is",
    ),
    "its clock": (
        lambda: Dispute.objects.update(due=F("due") + DAY),
        "Objection {id} was changed: due is",
    ),
    "its end": (
        lambda: Dispute.objects.update(outcome="", answered=None),
        'Objection {id} was changed: outcome is ""',
    ),
    "all of it": (
        lambda: [table.objects.all().delete() for table in (Alert, Dispute)],
        "Objection {id}, which the log tells of, is gone",
    ),
}


@pytest.mark.parametrize("what", DISPUTE_CHANGES)
def test_a_change_of_an_objection_is_named(what: str) -> None:
    endpoint, owner = certifying.known(), people.user()
    organisation = people.organisation(owner=owner)
    Submission.objects.create(organisation=organisation, endpoint=endpoint, state="published")
    run = certifying.ended(endpoint, "deviating", ago=1)
    made = services.open_dispute(run, owner, organisation, statement="It is our template.")
    assert "All is as it was published" in verified()
    services.answer_dispute(made.pk, "upheld", "It is not.", people.user("o@example.org", staff=True))
    assert "All is as it was published" in verified()
    change, expected = DISPUTE_CHANGES[what]
    change()
    assert expected.format(id=made.pk) in differences()


def test_a_key_that_was_given_back_its_trust_is_named() -> None:
    keyid = services.signer().keyid
    services.withdraw_signing_key(keyid)
    assert "All is as it was published" in verified()
    SigningKey.objects.filter(keyid=keyid).update(withdrawn=False)
    assert f'Signing key {keyid} was changed: state is "retired"' in differences()


def test_a_retired_pool_whose_salt_was_changed_is_named() -> None:
    HiddenPool.objects.create(sha256="ab" * 32, salt="00")
    services.retire_pool("ab" * 32)
    assert "All is as it was published" in verified()
    HiddenPool.objects.update(salt="01")
    assert f"Retired pool {'ab' * 32} was changed: salt is" in differences()
    HiddenPool.objects.update(retired=None)
    assert f"Retired pool {'ab' * 32}, which the log tells of, is gone." in differences()
