"""A certificate follows the facts: granted, doubted, confirmed or cleared, ended; every step is on record."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from leaderboard import selectors, services
from leaderboard.certification import SAID, VALID_FOR, IllegalStep, Reason, State
from leaderboard.models import Certificate, CertificateStep
from tests.leaderboard import factories
from tests.leaderboard.certifying import alarm, certified, ended, known
from verifier.certificate import Answer, check
from verifier.models import LOOK, RECHECK, Endpoint, Run, RunState, Schedule
from verifier.signals import run_ended

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint() -> Endpoint:
    """Listed for ten days, among others."""
    for number in range(3):
        factories.endpoint(f"Other {number}")
    return known()


def path(certificate: Certificate) -> list[tuple[str, str, str]]:
    return list(certificate.steps.order_by("number").values_list("was", "now", "reason"))


def test_a_faithful_run_grants_what_was_asked_for(endpoint: Endpoint) -> None:
    made = services.request_certificate(endpoint, private_attempts=3)
    assert made.state == State.PENDING
    assert Run.objects.get(state=RunState.QUEUED).trigger == RECHECK, "a run is made for it"
    run = ended(endpoint, "faithful", trigger=RECHECK)
    made.refresh_from_db()
    assert (made.state, made.run, made.certified) == (State.CERTIFIED, run, run.ended)
    assert run.ended is not None
    assert made.expires == run.ended + VALID_FOR
    assert made.private_attempts == 3
    assert path(made) == [("", "pending", "requested"), ("pending", "certified", "faithful")]
    step = made.steps.get(number=2)
    assert (step.run, step.said) == (run, SAID[Reason.FAITHFUL])
    assert Schedule.objects.get().endpoint == endpoint, "it is watched from now on"


def test_a_request_has_one_run_made_however_often_it_is_reviewed(endpoint: Endpoint) -> None:
    made = services.request_certificate(endpoint)
    ended(endpoint, "deviating")
    for _ in range(3):
        services.review(endpoint.pk)
    made.refresh_from_db()
    assert made.state == State.PENDING
    assert not Run.objects.filter(trigger=RECHECK).exists()


def test_a_fresh_run_grants_at_once_and_an_old_one_does_not(endpoint: Endpoint) -> None:
    ended(endpoint, "faithful", ago=24 * 8)
    assert services.request_certificate(endpoint).state == State.PENDING
    ended(endpoint, "faithful", ago=1)
    assert services.request_certificate(endpoint).state == State.CERTIFIED


def test_asking_twice_gives_the_same(endpoint: Endpoint) -> None:
    assert certified(endpoint) == services.request_certificate(endpoint)
    assert Certificate.objects.count() == 1


def test_what_is_not_listed_gets_none(endpoint: Endpoint) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(listed=False)
    with pytest.raises(services.CertificateNotPossible, match="Publish it first"):
        services.request_certificate(endpoint)


def test_an_alarm_is_a_doubt_that_a_run_clears(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    alarmed = alarm(endpoint)
    services.review(endpoint.pk)
    made.refresh_from_db()
    assert (made.state, made.moved) == (State.WATCH, alarmed)
    assert Run.objects.get(state=RunState.QUEUED).trigger == RECHECK
    services.review(endpoint.pk)
    ended(endpoint, "faithful", trigger=RECHECK)
    made.refresh_from_db()
    assert [step[1:] for step in path(made)[2:]] == [("watch", "alarm"), ("certified", "cleared")]


def test_a_deviation_is_confirmed_before_anything_is_suspended(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    first = ended(endpoint, "deviating")
    made.refresh_from_db()
    assert made.state == State.WATCH, "one run alone suspends nobody, whatever its e-value"
    second = ended(endpoint, "deviating", trigger=RECHECK)
    made.refresh_from_db()
    assert made.state == State.SUSPENDED
    assert path(made)[2:] == [("certified", "watch", "accused"), ("watch", "suspended", "confirmed")]
    assert [made.steps.get(number=n).run for n in (3, 4)] == [first, second]
    assert made.run is not None
    assert made.run.verdict == "faithful", "what it stood on stays on record"


def test_a_confirming_run_whose_accusation_is_not_published_suspends_nobody(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    alarm(endpoint)
    services.review(endpoint.pk)
    ended(endpoint, "deviating", trigger=RECHECK, e_value=30.0)
    made.refresh_from_db()
    assert made.state == State.WATCH
    queued = Run.objects.get(state=RunState.QUEUED)
    assert queued.trigger == "confirmation"
    ended(endpoint, "deviating", trigger="confirmation", e_value=30.0)
    made.refresh_from_db()
    assert made.state == State.SUSPENDED


@pytest.mark.parametrize("verdict", ["not-measured", "inconclusive", "insufficient-access"])
def test_what_could_not_be_measured_demotes_nobody(endpoint: Endpoint, verdict: str) -> None:
    made = certified(endpoint)
    for _ in range(3):
        ended(endpoint, verdict)
    made.refresh_from_db()
    assert made.state == State.CERTIFIED


def test_our_own_failures_demote_nobody(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    run = factories.open_run(endpoint)
    Run.objects.filter(pk=run.pk).update(state=RunState.FAILED, error="ours", ended=timezone.now())
    run_ended.send(sender=Run, run_id=run.pk, state="failed")
    made.refresh_from_db()
    assert made.state == State.CERTIFIED
    alarm(endpoint)
    services.review(endpoint.pk)
    recheck = Run.objects.get(state=RunState.QUEUED)
    Run.objects.filter(pk=recheck.pk).update(state=RunState.FAILED, error="ours", ended=timezone.now())
    run_ended.send(sender=Run, run_id=recheck.pk, state="failed")
    made.refresh_from_db()
    assert made.state == State.WATCH
    assert Run.objects.filter(state=RunState.QUEUED, trigger=RECHECK).exists(), "it is made again"


def test_a_look_that_accuses_moves_nothing(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    ended(endpoint, "deviating", trigger=LOOK)
    made.refresh_from_db()
    assert made.state == State.CERTIFIED


def test_another_deployment_begins_anew(
    endpoint: Endpoint, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    from verifier.services import save_endpoint

    made = certified(endpoint)
    endpoint.base_url = "https://8.8.4.4/v1"
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        save_endpoint(endpoint)
    made.refresh_from_db()
    assert path(made)[-1] == ("certified", "revoked", "other-deployment")
    assert not Schedule.objects.exists(), "nobody watches it any longer"
    again = services.request_certificate(endpoint)
    assert again.state == State.PENDING, "the runs of before are of another deployment"


def test_time_ends_it_unless_fresh_evidence_renews_it(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    soon = timezone.now() + timedelta(days=20)
    Certificate.objects.update(expires=soon)
    run = ended(endpoint, "faithful", trigger="scheduled")
    made.refresh_from_db()
    assert path(made)[-1] == ("certified", "certified", "renewed")
    assert run.ended is not None
    assert made.expires == run.ended + VALID_FOR
    Certificate.objects.update(expires=timezone.now() - timedelta(hours=1), moved=timezone.now())
    assert services.review_all() == 1
    made.refresh_from_db()
    assert made.state == State.EXPIRED
    assert services.review_all() == 0


def test_the_operator_revokes_with_words_of_its_own(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    services.end_certificate(made.pk, Reason.OPERATOR, "It was granted to the wrong endpoint.")
    made.refresh_from_db()
    assert made.state == State.REVOKED
    assert made.steps.get(number=3).said.endswith("It was granted to the wrong endpoint.")
    with pytest.raises(IllegalStep):
        services.end_certificate(made.pk, Reason.OPERATOR)


def test_a_correction_gives_back_what_was_suspended(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    with pytest.raises(IllegalStep, match="nothing to correct"):
        services.correct_certificate(made.pk)
    ended(endpoint, "deviating")
    ended(endpoint, "deviating", trigger=RECHECK)
    services.correct_certificate(made.pk, "The template was read wrongly.")
    made.refresh_from_db()
    assert made.state == State.CERTIFIED
    services.review(endpoint.pk)
    made.refresh_from_db()
    assert made.state == State.CERTIFIED, "what was corrected is not held against it again"


def test_who_mended_a_suspended_endpoint_asks_for_a_new_one(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    ended(endpoint, "deviating")
    ended(endpoint, "deviating", trigger=RECHECK)
    ended(endpoint, "faithful")
    made.refresh_from_db()
    assert made.state == State.SUSPENDED
    again = services.request_certificate(endpoint)
    made.refresh_from_db()
    assert (made.state, again.state) == (State.REVOKED, State.CERTIFIED)
    assert again != made


def test_one_certificate_alive_an_endpoint(endpoint: Endpoint) -> None:
    certified(endpoint)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.create(endpoint=endpoint, moved=now, expires=now)


def test_a_review_that_fails_disturbs_no_other(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certified(endpoint)
    other = factories.endpoint("Another")
    services.request_certificate(other)
    broken = Certificate.objects.get(endpoint=other)
    Certificate.objects.filter(pk=broken.pk).update(state=State.CERTIFIED, run=made.run, certified=made.moved)
    CertificateStep.objects.filter(certificate=broken).update(number=2)  # the next number is taken
    Certificate.objects.update(expires=timezone.now() - timedelta(hours=1), moved=timezone.now())
    assert services.review_all() == 1
    made.refresh_from_db()
    broken.refresh_from_db()
    assert (made.state, broken.state) == (State.EXPIRED, State.CERTIFIED)


def read(document: dict[str, Any] | None) -> bytes:
    assert document is not None
    return json.dumps(document).encode()


def checked(made: Certificate) -> Answer:
    """What the one-file verifier says of the certificate as it is handed out."""
    made.refresh_from_db()
    status, keys = services.certificate_status(made), read(services.published_keys())
    return check(read(services.certificate_document(made)), keys, now=timezone.now(), status=read(status))


def test_the_signed_document_holds_for_whoever_checks_it_and_falls_with_the_certificate(
    endpoint: Endpoint,
) -> None:
    made = certified(endpoint)
    answer = checked(made)
    assert answer.ok, answer
    assert answer.attested is not None
    attested = answer.attested["predicate"]["assay"]
    assert (attested["certificate"], attested["verdict"]) == (str(made.pk), "faithful")
    assert attested["runs"] == [str(made.run_id)]
    assert attested["status"].endswith(f"/certificates/{made.pk}/status.json")
    first = made.document
    ended(endpoint, "deviating")
    assert checked(made).ok, "a doubt is told, and the certificate goes on holding"
    ended(endpoint, "deviating", trigger=RECHECK)
    assert str(checked(made).state) == "suspended"
    services.correct_certificate(made.pk)
    assert checked(made).ok
    assert made.document == first, "a correction signs nothing anew: it stands on the same run"


def test_every_step_is_in_the_log_with_its_reason(endpoint: Endpoint) -> None:
    made = certified(endpoint)
    ended(endpoint, "deviating")
    ended(endpoint, "deviating", trigger=RECHECK)
    bodies = [json.loads(entry.leaf)["body"] for entry in selectors.log_history("certificate", str(made.pk))]
    assert sorted((body["number"], body["state"], body["reason"]) for body in bodies) == [
        (1, "pending", "requested"),
        (2, "certified", "faithful"),
        (3, "watch", "accused"),
        (4, "suspended", "confirmed"),
    ]
    assert [body["statement"] is None for body in sorted(bodies, key=lambda b: b["number"])] == [
        True,
        False,
        False,
        False,
    ]
