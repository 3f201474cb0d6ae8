"""An objection is its provider's to make, the operator's to answer, and everybody's to read."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from leaderboard import selectors, services
from leaderboard.certification import RIGHT_OF_REPLY, State
from leaderboard.models import Alert, Certificate, Dispute, Organisation, Snapshot, Submission
from leaderboard.services.disputes import ANSWERED_WITHIN, DisputeNotPossible
from tests.leaderboard import factories, people
from tests.leaderboard.certifying import certified, ended, known, suspended
from verifier.models import Endpoint, Run, RunState

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint() -> Endpoint:
    return known()


@pytest.fixture
def owner() -> User:
    return people.user()


@pytest.fixture
def organisation(endpoint: Endpoint, owner: User) -> Organisation:
    """Speaks for the endpoint."""
    made = people.organisation(owner=owner)
    Submission.objects.create(organisation=made, endpoint=endpoint, state="published")
    return made


@pytest.fixture
def operator() -> User:
    return people.user("operator@example.org", staff=True)


def accused(endpoint: Endpoint) -> Run:
    run = ended(endpoint, "deviating", ago=1)
    factories.finding(run)
    return run


def objected(endpoint: Endpoint, owner: User, organisation: Organisation, run: Run | None = None) -> Dispute:
    run = run or accused(endpoint)
    return services.open_dispute(run, owner, organisation, statement=" It is our template. ")


def verdict(endpoint: Endpoint) -> str | None:
    (row,) = [
        row
        for row in Snapshot.objects.get(model=endpoint.model_id).board["rows"]
        if row["endpoint"]["id"] == str(endpoint.pk)
    ]
    return None if row["result"] is None else str(row["result"]["verdict"])


def test_an_objection_is_public_with_a_clock(
    endpoint: Endpoint, owner: User, organisation: Organisation
) -> None:
    made = objected(endpoint, owner, organisation)
    assert made.due - made.opened == ANSWERED_WITHIN
    assert (made.objector, made.statement, made.outcome) == (organisation.name, "It is our template.", "")
    (entry,) = selectors.log_history("dispute", str(made.pk))
    assert json.loads(entry.leaf)["body"]["statement"] == "It is our template."
    alert = Alert.objects.get(kind="dispute.opened")
    assert alert.data["dispute"]["objector"] == organisation.name
    assert alert.path == f"/disputes/{made.pk}/"


@pytest.mark.parametrize("state", ["private", "delisted", "withdrawn", "superseded"])
def test_nobody_objects_for_an_endpoint_that_is_not_theirs(
    endpoint: Endpoint, owner: User, organisation: Organisation, state: str
) -> None:
    run = accused(endpoint)
    stranger = people.user("eve@example.org")
    other = people.organisation("Another", stranger)
    for person, speaks in ((stranger, organisation), (stranger, other), (owner, other)):
        with pytest.raises(PermissionError):
            services.open_dispute(run, person, speaks, statement="x")
    Submission.objects.update(state=state)
    with pytest.raises(PermissionError):
        services.open_dispute(run, owner, organisation, statement="x")
    assert not Dispute.objects.exists()


def test_it_is_about_something_and_once(endpoint: Endpoint, owner: User, organisation: Organisation) -> None:
    run = accused(endpoint)
    with pytest.raises(DisputeNotPossible, match="no finding 'nonsense'"):
        services.open_dispute(run, owner, organisation, statement="x", check="nonsense")
    with pytest.raises(ValidationError):
        services.open_dispute(run, owner, organisation, statement="   ")
    with pytest.raises(ValidationError):
        services.open_dispute(run, owner, organisation, statement="x" * 5001)
    queued = factories.open_run(endpoint)
    with pytest.raises(DisputeNotPossible, match="complete run"):
        services.open_dispute(queued, owner, organisation, statement="x")
    services.open_dispute(run, owner, organisation, statement="x", check="token_distribution")
    services.open_dispute(run, owner, organisation, statement="x")
    with pytest.raises(DisputeNotPossible, match="open already"):
        services.open_dispute(run, owner, organisation, statement="x")


def test_upheld_leaves_the_finding_and_says_why(
    endpoint: Endpoint, owner: User, organisation: Organisation, operator: User
) -> None:
    made = objected(endpoint, owner, organisation)
    for outcome, answer in (("withdrawn", "x"), ("", "x"), ("upheld", "  ")):
        with pytest.raises(DisputeNotPossible):
            services.answer_dispute(made.pk, outcome, answer, operator)
    services.answer_dispute(made.pk, "upheld", "The template was asked for and is another.", operator)
    made.refresh_from_db()
    assert (made.outcome, made.answered_by) == ("upheld", operator)
    assert verdict(endpoint) == "deviating"
    with pytest.raises(DisputeNotPossible, match="it is upheld"):
        services.answer_dispute(made.pk, "corrected", "x", operator)
    assert len(selectors.log_history("dispute", str(made.pk))) == 2


def test_corrected_supersedes_the_run_and_deletes_nothing(
    endpoint: Endpoint, owner: User, organisation: Organisation, operator: User
) -> None:
    ended(endpoint, "faithful", ago=5)
    run = accused(endpoint)
    assert verdict(endpoint) == "deviating"
    made = objected(endpoint, owner, organisation, run)
    Run.objects.filter(state=RunState.QUEUED).delete()
    services.answer_dispute(made.pk, "corrected", "We read the template wrongly.", operator)
    assert verdict(endpoint) == "faithful", "the run before it speaks"
    assert Run.objects.filter(pk=run.pk, findings__isnull=False).exists()
    assert Run.objects.get(state=RunState.QUEUED).trigger == "dispute", "and it is measured anew"
    alert = Alert.objects.get(kind="dispute.answered")
    assert "We read the template wrongly." in alert.text


def test_corrected_gives_a_suspended_certificate_back(
    endpoint: Endpoint, owner: User, organisation: Organisation, operator: User
) -> None:
    certificate = suspended(endpoint)
    run = certificate.steps.get(now=State.SUSPENDED).run
    assert run is not None
    made = objected(endpoint, owner, organisation, run)
    assert made.certificate == certificate
    services.answer_dispute(made.pk, "corrected", "Our reference was wrong.", operator)
    certificate.refresh_from_db()
    assert certificate.state == State.CERTIFIED
    assert "Our reference was wrong." in certificate.steps.order_by("number").last().said  # type: ignore[union-attr]
    services.review(endpoint.pk)
    certificate.refresh_from_db()
    assert certificate.state == State.CERTIFIED


def test_an_open_objection_stops_the_clock_of_a_suspension(
    endpoint: Endpoint, owner: User, organisation: Organisation, operator: User
) -> None:
    certificate = suspended(endpoint)
    run = certificate.steps.get(now=State.SUSPENDED).run
    made = objected(endpoint, owner, organisation, run)
    long_ago = timezone.now() - RIGHT_OF_REPLY - timedelta(days=1)
    Certificate.objects.update(moved=long_ago)
    Endpoint.objects.update(changed=long_ago - timedelta(days=1))
    services.review(endpoint.pk)
    certificate.refresh_from_db()
    assert certificate.state == State.SUSPENDED
    services.answer_dispute(made.pk, "upheld", "It deviates.", operator)
    services.review(endpoint.pk)
    certificate.refresh_from_db()
    assert certificate.state == State.REVOKED


def test_who_objected_may_withdraw(endpoint: Endpoint, owner: User, organisation: Organisation) -> None:
    made = objected(endpoint, owner, organisation)
    with pytest.raises(PermissionError):
        services.withdraw_dispute(made.pk, people.user("eve@example.org"))
    services.withdraw_dispute(made.pk, owner)
    made.refresh_from_db()
    assert (made.outcome, made.answer) == ("withdrawn", "")
    assert verdict(endpoint) == "deviating"


def test_what_was_said_outlives_the_account(
    endpoint: Endpoint, owner: User, organisation: Organisation
) -> None:
    made = objected(endpoint, owner, organisation)
    name = organisation.name
    owner.delete()
    made.refresh_from_db()
    assert (made.opened_by, made.objector) == (None, name)


def test_certified_and_then_objected_to_names_the_certificate(
    endpoint: Endpoint, owner: User, organisation: Organisation
) -> None:
    certificate = certified(endpoint)
    assert objected(endpoint, owner, organisation).certificate == certificate
