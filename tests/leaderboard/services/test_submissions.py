from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from leaderboard import selectors
from leaderboard.models import (
    AuditEvent,
    Certificate,
    Organisation,
    OwnershipProof,
    Snapshot,
    Submission,
)
from leaderboard.services import submissions
from leaderboard.services.submissions import Declared, NotPossible
from tests.leaderboard import factories, people
from verifier import services as facts
from verifier.models import Credential, Endpoint, Provider, Run
from verifier.models.states import IllegalTransition
from verifier.services.registry import api_key

pytestmark = pytest.mark.django_db

KEY = "sk-CANARY0123456789abcdef"


def said(**values: Any) -> Declared:
    fields = {"base_url": "https://8.8.8.8/v1", "upstream_model": "toy", **values}
    return Declared(model=factories.model(), **fields)


def submitted(name: str = "Example Inference", email: str = "ada@example.org", **values: Any) -> Submission:
    owner = people.user(email)
    return submissions.submit(people.organisation(name, owner), owner, said(**values))


def proven(found: Submission, origin: str = "https://8.8.8.8") -> Submission:
    """As if the proof of its origin had just been found (tests of proofs are in test_proofs)."""
    now = timezone.now()
    OwnershipProof.objects.filter(organisation=found.organisation, origin=origin).update(
        state="proven", method="dns", proven=now, checked=now
    )
    factories.baseline(found.endpoint.model)
    return found


def ended(run: Run) -> None:
    facts.cancel_run(run.pk)


def eve() -> Submission:
    return submitted("Eve Inference", "eve@example.org")


def test_submitting_registers_it_unlisted_with_its_key_encrypted() -> None:
    found = submitted(api_key=KEY, variant="turbo", price_in=Decimal("0.5"), declared_quantization="fp8")
    endpoint = found.endpoint
    assert (endpoint.label, endpoint.listed) == ("Example Inference turbo", False)
    assert endpoint.provider == Organisation.objects.get().provider
    assert api_key(endpoint) == KEY
    assert KEY not in Credential.objects.get().ciphertext
    assert OwnershipProof.objects.get().origin == "https://8.8.8.8"
    assert KEY not in repr(said(api_key=KEY))
    assert not Snapshot.objects.filter(board__icontains="Example").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"base_url": "https://127.0.0.1/v1"}, "base_url"),
        ({"base_url": "http://8.8.8.8/v1"}, "base_url"),
        ({"api_key": "two words"}, "api_key"),
        ({"upstream_model": ""}, "upstream_model"),
        ({"price_in": Decimal(-1)}, "__all__"),
        ({"declared_quantization": "x" * 21}, "declared_quantization"),
    ],
)
def test_nothing_is_half_saved(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        submitted(**wrong)
    assert list(refused.value.message_dict) == [field]
    for table in (Submission, Endpoint, Provider, Credential, OwnershipProof):
        assert not table._default_manager.exists(), table
    assert not AuditEvent.objects.filter(action="endpoint.submitted").exists()


def test_the_same_offer_twice_and_what_is_listed_already() -> None:
    submitted()
    with pytest.raises(ValidationError, match="in this variant already"):
        submitted()
    submitted(variant="turbo")
    assert eve().endpoint.provider.slug == "eve-inference", "another's draft is nobody's hindrance"
    factories.endpoint("Listed", base_url="https://8.8.4.4/v1/", upstream_model="toy")
    with pytest.raises(ValidationError, match="listed already as Listed"):
        submitted(base_url="https://8.8.4.4/v1", variant="other")


def test_a_private_run_takes_a_proof_and_has_a_quota() -> None:
    found, ada = submitted(api_key=KEY), people.user()
    factories.baseline(found.endpoint.model)
    with pytest.raises(NotPossible, match=r"Prove https://8\.8\.8\.8 first"):
        submissions.start_private_run(found, ada)
    proven(found)
    for number in range(submissions.PRIVATE_RUNS_A_DAY):
        run = submissions.start_private_run(found, ada)
        assert (run.private, run.blind, run.trigger) == (True, False, "provider")
        if not number:
            with pytest.raises(NotPossible, match="already queued"):
                submissions.start_private_run(found, ada)
        ended(run)
    with pytest.raises(NotPossible, match="within a day"):
        submissions.start_private_run(found, ada)
    assert selectors.private_attempts(found.endpoint.pk) == submissions.PRIVATE_RUNS_A_DAY


def test_publishing_is_an_act_and_tells_how_often_it_was_tried(client: Client) -> None:
    found, ada = submitted(), people.user()
    with pytest.raises(NotPossible, match="within the hour"):
        submissions.publish_submission(found, ada)
    proven(found)
    ended(submissions.start_private_run(found, ada))
    address = f"/endpoints/{found.endpoint.pk}/"
    assert client.get(address).status_code == 404
    OwnershipProof.objects.update(checked=timezone.now() - timedelta(hours=2))
    with pytest.raises(NotPossible, match="within the hour"):
        submissions.publish_submission(found, ada)
    proven(found)
    found = submissions.publish_submission(found, ada)
    assert found.state == "published"
    assert client.get(address).status_code == 200
    certificate = Certificate.objects.get()
    assert (certificate.state, certificate.private_attempts) == ("pending", 1)
    run = Run.objects.get(state="queued")
    assert (run.private, run.trigger) == (False, "publication")
    acts = set(AuditEvent.objects.filter(subject_id=str(found.endpoint.pk)).values_list("action", flat=True))
    assert {"endpoint.submitted", "endpoint.published", "endpoint.changed"} <= acts
    assert selectors.speaks_for(found.organisation, found.endpoint)
    with pytest.raises(IllegalTransition):
        submissions.publish_submission(found, ada)


def test_delisting_takes_a_fresh_proof_and_is_recorded() -> None:
    found, ada = proven(submitted()), people.user()
    submissions.publish_submission(found, ada)
    OwnershipProof.objects.update(failures=1)
    with pytest.raises(NotPossible, match="within the hour"):
        submissions.delist(found, ada)
    OwnershipProof.objects.update(failures=0)
    assert submissions.delist(found, ada).state == "delisted"
    found.endpoint.refresh_from_db()
    assert not found.endpoint.listed
    event = AuditEvent.objects.filter(action="endpoint.changed").first()
    assert event is not None
    assert event.details == {"listed": [True, False]}
    assert event.actor == ada
    assert submissions.withdraw(found, ada).state == "withdrawn"


def test_a_key_follows_to_no_other_origin() -> None:
    found, ada = submitted(api_key=KEY), people.user()
    submissions.edit(found, ada, said(region="eu"))
    assert api_key(found.endpoint) == KEY, "an empty field keeps it"
    submissions.edit(found, ada, said(base_url="https://8.8.8.8/other"))
    assert api_key(found.endpoint) == KEY
    facts.set_credential(found.endpoint, "sk-blind-0123456789abcdef", blind=True)
    submissions.edit(found, ada, said(base_url="https://8.8.4.4/v1"))
    assert not Credential.objects.exists()
    assert OwnershipProof.objects.filter(origin="https://8.8.4.4", state="pending").exists()


def test_a_published_endpoint_moves_only_to_what_is_proven() -> None:
    found, ada = proven(submitted()), people.user()
    submissions.publish_submission(found, ada)
    ended(Run.objects.get(state="queued"))
    with pytest.raises(ValidationError, match="first"):
        submissions.edit(found, ada, said(base_url="https://8.8.4.4/v1"))
    found.endpoint.refresh_from_db()
    assert found.endpoint.base_url == "https://8.8.8.8/v1"


def test_nothing_moves_under_a_run() -> None:
    found, ada = proven(submitted()), people.user()
    submissions.start_private_run(found, ada)
    with pytest.raises(NotPossible, match="under way"):
        submissions.edit(found, ada, said(base_url="https://8.8.4.4/v1"))
    submissions.edit(found, ada, said(region="eu"))


def test_an_edit_names_no_other_offer() -> None:
    found = submitted()
    with pytest.raises(ValidationError, match="name an endpoint"):
        submissions.edit(found, people.user(), said(variant="turbo"))


def test_an_unproven_claim_changes_nothing_and_a_proven_one_speaks() -> None:
    listed = factories.endpoint(
        "Listed", by=factories.provider("other", "Other", is_lab=False), base_url="https://8.8.8.8/v1"
    )
    factories.baseline(listed.model)
    facts.set_credential(listed, "sk-operator-0123456789abcdef")
    ada = people.user()
    found = submissions.claim(people.organisation(), ada, listed)
    assert api_key(listed) is None
    assert api_key(listed, blind=True) == "sk-operator-0123456789abcdef", "still theirs"
    same = said(upstream_model="test-model", variant="listed", region="eu")
    for act in (submissions.start_private_run, submissions.publish_submission):
        with pytest.raises(NotPossible):
            act(found, ada)
    with pytest.raises(NotPossible, match="not proven"):
        submissions.edit(found, ada, same)
    with pytest.raises(NotPossible):
        submissions.set_key(found, KEY)
    proven(found)
    assert not submissions.start_private_run(found, ada).blind
    submissions.edit(found, ada, same)
    submissions.publish_submission(found, ada)
    assert selectors.speaks_for(found.organisation, listed)
    with pytest.raises(NotPossible, match="operator lists"):
        submissions.delist(found, ada)
    listed.refresh_from_db()
    assert (listed.listed, listed.region) == (True, "eu")


def test_a_control_is_nobodys() -> None:
    lab = factories.endpoint("Lab")
    with pytest.raises(NotPossible):
        submissions.claim(people.organisation(), people.user(), lab)


def test_a_transfer_takes_that_the_former_proof_no_longer_holds() -> None:
    mine, ada = proven(submitted()), people.user()
    submissions.publish_submission(mine, ada)
    ended(Run.objects.get(state="queued"))
    owner = people.user("eve@example.org")
    other = people.organisation("Eve Inference", owner)
    mine.endpoint.refresh_from_db()
    theirs = submissions.claim(other, owner, mine.endpoint)
    assert not selectors.speaks_for(other, mine.endpoint)
    proven(theirs)
    with pytest.raises(NotPossible, match="its proof holds"):
        submissions.publish_submission(theirs, owner)
    with pytest.raises(NotPossible):
        submissions.edit(theirs, owner, said(region="moon"))
    OwnershipProof.objects.filter(organisation=mine.organisation).update(state="lapsed")
    assert not selectors.speaks_for(mine.organisation, mine.endpoint)
    submissions.publish_submission(theirs, owner)
    mine.refresh_from_db()
    assert mine.state == "superseded"
    assert selectors.speaks_for(other, mine.endpoint)
    assert not selectors.speaks_for(mine.organisation, mine.endpoint)
    with pytest.raises(IllegalTransition):
        submissions.delist(mine, ada)


def test_withdrawing_forgets_the_key_and_leaves_room_to_come_back() -> None:
    found, ada = proven(submitted(api_key=KEY)), people.user()
    run = submissions.start_private_run(found, ada)
    submissions.withdraw(found, ada)
    assert not Credential.objects.exists()
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert not selectors.submissions_of(found.organisation).exists()
    with pytest.raises(NotPossible, match="taken back"):
        submissions.start_private_run(found, ada)
    assert submitted().pk == found.pk
    assert selectors.private_attempts(found.endpoint.pk) == 1, "attempts are not forgotten"
