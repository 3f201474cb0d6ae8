from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from leaderboard.models import OwnershipProof, Submission
from leaderboard.services import proofs
from tests.leaderboard import factories, people
from tests.leaderboard.provider_site import Site, serving
from verifier.models import Credential, Endpoint, Run, RunState
from verifier.models.base import new_id

pytestmark = pytest.mark.django_db

KEY = "sk-CANARY0123456789abcdef"


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    cache.clear()


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with serving() as found:
        settings.EGRESS_ALLOW = {found.address}
        yield found


def form(site: Site | None = None, **values: Any) -> dict[str, Any]:
    return {
        "model": factories.model().slug,
        "base_url": site.base_url if site else "https://8.8.8.8/v1",
        "upstream_model": "toy",
        **values,
    }


def submitted(browser: Client, site: Site | None = None, **values: Any) -> Submission:
    answer = browser.post("/submit/", form(site, **values))
    assert answer.status_code == 302, answer.content.decode()
    return Submission.objects.latest("created")


def prove(site: Site, of: Submission) -> None:
    proof = OwnershipProof.objects.get(organisation=of.organisation)
    site.files[f"/.well-known/assay/{proof.token}"] = proof.value
    assert proofs.check_proof(proof.pk).state == "proven"
    factories.baseline(of.endpoint.model)


def finished(run: Run, endpoint: Endpoint) -> Run:
    """The private run, complete, with the finding of 4-bit weights."""
    cause = {"name": "weight quantization", "support": 0.99, "evidence": "It answers as INT4 does."}
    result = factories.result(measured="int4", nearest="int4-g64", cause=cause)
    done = factories.run(endpoint, result)
    factories.finding(done, [factories.divergent()])
    factories.observation(done)
    Run.objects.filter(pk=done.pk).update(private=True, trigger="provider")
    Run.objects.filter(pk=run.pk).delete()
    return done


def test_the_whole_way_from_submission_to_the_board(site: Site, client: Client) -> None:
    people.organisation()
    ada = people.browser(people.user())
    found = submitted(ada, site, api_key=KEY, declared_quantization="BF16")
    page_of = f"/submit/{found.pk}/"
    page = ada.get(page_of).content.decode()
    proof = OwnershipProof.objects.get()
    assert f"{site.origin}/.well-known/assay/{proof.token}" in page
    assert proof.value in page
    assert "0 of 4 in the last 24 hours" in page
    assert "Run in private" not in page
    ada.post(f"{page_of}run/")
    assert not Run.objects.exists(), "not before the origin is proven"
    ada.post(f"{page_of}prove/")
    assert "being looked for" in ada.get(page_of).content.decode()
    proofs.check_due()
    assert "HTTP 404" in ada.get(page_of).content.decode()
    prove(site, found)
    page = ada.get(page_of).content.decode()
    assert "is proven" in page
    assert proof.value not in page, "nothing to do any more"
    ada.post(f"{page_of}run/")
    run = Run.objects.get()
    assert "A run is under way" in ada.get(page_of).content.decode()
    live = ada.get(f"{page_of}runs/{run.pk}/").content.decode()
    assert f'hx-get="{page_of}runs/{run.pk}/progress/' in live
    assert ada.get(f"{page_of}runs/{run.pk}/progress/").status_code == 200
    run = finished(run, found.endpoint)
    shown = ada.get(f"{page_of}runs/{run.pk}/").content.decode()
    assert "weight quantization" in shown.lower()
    assert "It answers as INT4 does" in shown
    assert "Every request and its answer" in shown
    assert "Private: your organisation" in shown
    for address in ("/", "/models/", "/providers/example-inference/", f"/endpoints/{found.endpoint.pk}/"):
        assert "Example Inference" not in client.get(address).content.decode()
    ada.post(f"{page_of}publish/")
    found.refresh_from_db()
    assert found.state == "published"
    public = client.get(f"/endpoints/{found.endpoint.pk}/").content.decode()
    assert "Example Inference" in public
    assert "INT4" not in public
    assert str(run.pk) not in public
    ada.post(f"{page_of}delist/")
    assert client.get(f"/endpoints/{found.endpoint.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"model": "no/such"}, "model", "not measured here"),
        ({"base_url": "https://127.0.0.1/v1"}, "base_url", "not a public address"),
        ({"base_url": "https://user@8.8.8.8/v1"}, "base_url", ""),
        ({"price_in": "-1"}, "price_in", "greater than or equal"),
        ({"variant": "a b"}, "variant", "valid"),
        ({"declared_quantization": "<b>"}, "declared_quantization", "one word"),
        ({"api_key": "two words"}, "api_key", "printable ASCII"),
    ],
)
def test_what_was_typed_stays_with_one_message_a_field(
    wrong: dict[str, Any], field: str, message: str
) -> None:
    people.organisation()
    ada = people.browser(people.user())
    answer = ada.post("/submit/", form(region="EU west", **wrong))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="EU west"' in page
    assert page.count('class="errorlist"') == 1
    assert f'id="id_{field}_error"' in page
    assert message in page
    assert "two words" not in page, "a key is never shown, not even a wrong one"
    assert not Submission.objects.exists()
    assert not Endpoint.objects.exists()


def test_a_key_is_never_shown_again(site: Site) -> None:
    people.organisation()
    ada = people.browser(people.user())
    found = submitted(ada, site, api_key=KEY)
    prove(site, found)
    for address in ("/submit/", f"/submit/{found.pk}/", f"/submit/{found.pk}/edit/", "/account/export/"):
        page = ada.get(address).content.decode()
        assert KEY not in page
        assert Credential.objects.get().ciphertext not in page
    assert "…cdef" in ada.get(f"/submit/{found.pk}/").content.decode()
    bad = ada.post(f"/submit/{found.pk}/edit/", form(site, api_key=KEY, price_in="x"))
    assert bad.status_code == 400
    assert KEY not in bad.content.decode()


def test_editing_keeps_what_is_declared_in_the_form(site: Site) -> None:
    people.organisation()
    ada = people.browser(people.user())
    found = submitted(ada, site, region="EU", price_in="0.5")
    page = ada.get(f"/submit/{found.pk}/edit/").content.decode()
    assert 'value="EU"' in page
    assert 'value="0.5' in page
    assert ada.post(f"/submit/{found.pk}/edit/", form(site, region="US")).status_code == 302
    found.endpoint.refresh_from_db()
    assert found.endpoint.region == "US"


def test_another_account_finds_nothing_and_changes_nothing(site: Site) -> None:
    """Two accounts: submit for, edit, prove, run, publish, delist, withdraw, see, guess."""
    people.organisation()
    ada = people.browser(people.user())
    mine = submitted(ada, site, api_key=KEY)
    prove(site, mine)
    ada.post(f"/submit/{mine.pk}/run/")
    run = finished(Run.objects.get(), mine.endpoint)
    ada.post(f"/submit/{mine.pk}/publish/")
    Run.objects.filter(state=RunState.QUEUED).delete()
    eve = people.browser(people.user("eve@example.org"))
    people.organisation("Eve Inference", people.user("eve@example.org"))
    before = list(Endpoint.objects.values()), list(Submission.objects.values()), Run.objects.count()
    page_of = f"/submit/{mine.pk}/"
    for act in ("run", "publish", "delist", "withdraw", "prove", "prove-another", "edit"):
        answer = eve.post(f"{page_of}{act}/", form(site, region="moon"))
        assert answer.status_code == 404, act
    for address in (
        page_of,
        f"{page_of}edit/",
        f"{page_of}runs/{run.pk}/",
        f"{page_of}runs/{run.pk}/progress/",
    ):
        assert eve.get(address).status_code == 404, address
        assert Client().get(address).status_code == 302, address
    as_another = eve.post("/submit/", form(site, organisation="example-inference", variant="x"))
    assert as_another.status_code == 404, "nobody submits for another's organisation"
    own = submitted(eve, None, base_url="https://8.8.4.4/v1")
    through_own = f"/submit/{own.pk}/runs/{run.pk}/"
    assert eve.get(through_own).status_code == 404, "another's run under one's own submission"
    assert eve.post("/submit/", form(site)).status_code == 400, "listed already"
    claimed = eve.post(f"/submit/claim/{mine.endpoint.pk}/")
    claim = Submission.objects.get(endpoint=mine.endpoint, claim=True)
    assert claimed["Location"] == f"/submit/{claim.pk}/"
    page = eve.get(f"/submit/{claim.pk}/").content.decode()
    assert "…cdef" not in page, "not even the key's end"
    assert str(run.pk) not in page
    assert "in all" not in page, "nor that there are private runs"
    assert eve.get(f"/submit/{claim.pk}/runs/{run.pk}/").status_code == 404
    for act in ("run", "publish", "delist", "edit"):
        eve.post(f"/submit/{claim.pk}/{act}/", form(site, region="moon"))
    Submission.objects.filter(organisation__slug="eve-inference").delete()
    Endpoint.objects.filter(pk=own.endpoint_id).delete()
    assert before == (
        list(Endpoint.objects.values()),
        list(Submission.objects.values()),
        Run.objects.count(),
    )


def test_ids_that_are_nobodys(site: Site) -> None:
    people.organisation()
    ada = people.browser(people.user())
    for name, values in (("submission", [new_id()]), ("claim", [new_id()]), ("run", [new_id(), new_id()])):
        assert ada.get(reverse(f"submit:{name}", args=values)).status_code == 404
    found = submitted(ada, site)
    assert ada.post(f"/submit/{found.pk}/explode/").status_code == 404
    assert ada.get(f"/submit/{found.pk}/publish/").status_code == 405
    assert ada.get(f"/submit/{found.pk}/runs/{new_id()}/").status_code == 404


def test_another_origin_is_proven_before_a_published_endpoint_moves(site: Site, settings: Settings) -> None:
    people.organisation()
    ada = people.browser(people.user())
    found = submitted(ada, site)
    prove(site, found)
    ada.post(f"/submit/{found.pk}/publish/")
    Run.objects.update(state=RunState.CANCELLED)
    with serving() as other:
        settings.EGRESS_ALLOW = {site.address, other.address}
        refused = ada.post(f"/submit/{found.pk}/edit/", form(other))
        assert "goes nowhere else" in refused.content.decode()
        page = ada.post(f"/submit/{found.pk}/prove-another/", {"base_url": other.base_url}).content.decode()
        proof = OwnershipProof.objects.get(origin=other.origin)
        assert proof.value in page
        assert re.search(rf"{other.origin}/\.well-known/assay/{proof.token}", page)
        other.files[f"/.well-known/assay/{proof.token}"] = proof.value
        proofs.check_proof(proof.pk)
        assert ada.post(f"/submit/{found.pk}/edit/", form(other)).status_code == 302
        found.endpoint.refresh_from_db()
        assert found.endpoint.base_url == other.base_url
