from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import Settings

from leaderboard import selectors
from leaderboard.models import AuditEvent, OwnershipProof
from leaderboard.origins import file_url, origin_of, txt_name, txt_value
from leaderboard.services import proofs
from tests.leaderboard import people
from tests.leaderboard.provider_site import Records, Site, serving
from verifier.client.documents import NotFetched

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with serving() as found:
        settings.EGRESS_ALLOW = {found.address}
        yield found


def begun(origin: str, name: str = "Example Inference", email: str = "ada@example.org") -> OwnershipProof:
    return proofs.begin_proof(people.organisation(name, people.user(email)), people.user(email), origin)


def put(site: Site, proof: OwnershipProof, text: str | None = None) -> None:
    site.files[f"/.well-known/assay/{proof.token}"] = proof.value + "\n" if text is None else text


def aged(proof: OwnershipProof, **values: Any) -> None:
    OwnershipProof.objects.filter(pk=proof.pk).update(**values)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.example.com/v1", "https://api.example.com"),
        ("https://api.example.com:443/v1/", "https://api.example.com"),
        ("https://api.example.com:8443/v1", "https://api.example.com:8443"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("https://[2001:4860:4860::8888]/v1", "https://[2001:4860:4860::8888]"),
    ],
)
def test_an_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_no_origin_and_no_name() -> None:
    for url in ("ftp://x", "https://a@b.example/v1", "https://b.example\\@c"):
        with pytest.raises(ValidationError):
            origin_of(url)
    assert txt_name("https://api.example.com:8443") == "_assay.api.example.com"
    assert txt_name("https://8.8.8.8") == txt_name("http://localhost:1") == ""


def test_a_file_on_the_very_origin_proves_it(site: Site) -> None:
    proof = begun(site.origin)
    assert len({proof.token, proof.value}) == 2
    assert all(len(one) == 43 for one in (proof.token, proof.value)), "256 bits each"
    checked = proofs.check_proof(proof.pk)
    assert (checked.state, checked.method) == ("pending", "")
    assert "HTTP 404" in checked.reason
    put(site, proof)
    checked = proofs.check_proof(proof.pk)
    assert (checked.state, checked.method, checked.reason) == ("proven", "well-known", "")
    assert selectors.has_proven(proof.organisation, site.base_url)
    assert selectors.has_fresh_proof(proof.organisation, site.base_url)
    assert site.asked == [f"/.well-known/assay/{proof.token}"] * 2
    event = AuditEvent.objects.get(action="origin.proven")
    assert event.details == {"origin": site.origin, "method": "well-known"}
    assert proof.value not in str(event.details)


def test_a_server_that_repeats_what_it_was_asked_for_proves_nothing(site: Site) -> None:
    site.echo = True
    proof = begun(site.origin)
    checked = proofs.check_proof(proof.pk)
    assert checked.state == "pending"
    assert "another text" in checked.reason


@pytest.mark.parametrize("text", ["{token}", "<p>{value}</p>", "{value}x", "", "x" * 100_000])
def test_only_the_value_and_nothing_else(site: Site, text: str) -> None:
    proof = begun(site.origin)
    put(site, proof, text.format(token=proof.token, value=proof.value))
    assert proofs.check_proof(proof.pk).state == "pending"


def test_redirects_are_not_followed(site: Site) -> None:
    proof = begun(site.origin)
    put(site, proof)
    site.redirects[f"/.well-known/assay/{proof.token}"] = "/elsewhere"
    site.files["/elsewhere"] = proof.value
    checked = proofs.check_proof(proof.pk)
    assert checked.state == "pending"
    assert "redirects" in checked.reason


def test_no_proof_makes_us_reach_where_we_must_not(settings: Settings) -> None:
    with serving() as inside:
        settings.EGRESS_ALLOW = frozenset()
        proof = begun(inside.origin)
        put(inside, proof)
        assert proofs.check_proof(proof.pk).state == "pending"
        assert inside.asked == []


async def _nothing(url: str) -> bytes:
    raise NotFetched("Nothing there.")


def test_a_dns_record_proves_it() -> None:
    proof = begun("https://api.example.org")
    dns = Records({"_assay.api.example.org": ["v=spf1 -all", proof.value]})
    checked = proofs.check_proof(proof.pk, get=_nothing, txt=dns)
    assert checked.state == "pending", "the bare value is not the record"
    assert "2 TXT records, none of them ours" in checked.reason
    dns.table["_assay.api.example.org"].append(txt_value(proof.value))
    assert proofs.check_proof(proof.pk, get=_nothing, txt=dns).method == "dns"
    assert set(dns.asked) == {"_assay.api.example.org"}, "never a parent domain"


def test_another_organisation_does_not_get_in_by_the_same_file(site: Site) -> None:
    mine = begun(site.origin)
    put(site, mine)
    proofs.check_proof(mine.pk)
    theirs = begun(site.origin, "Eve Inference", "eve@example.org")
    assert theirs.token != mine.token
    assert proofs.check_proof(theirs.pk).state == "pending"
    put(site, theirs, mine.value)
    assert proofs.check_proof(theirs.pk).state == "pending", "a replayed value"
    assert not selectors.has_proven(theirs.organisation, site.base_url)


def test_one_origin_proves_no_other(site: Site) -> None:
    proof = begun(site.origin)
    put(site, proof)
    proofs.check_proof(proof.pk)
    with serving() as other:
        assert not selectors.has_proven(proof.organisation, other.base_url)
    port = int(site.origin.rsplit(":", 1)[1])
    assert not selectors.has_proven(proof.organisation, f"http://127.0.0.1:{port + 1}/v1")
    assert not selectors.has_proven(proof.organisation, "http://127.0.0.1/v1")


def test_a_token_lives_a_week_and_then_proves_nothing(site: Site) -> None:
    proof = begun(site.origin)
    assert proof.expires - timezone.now() > timedelta(days=6, hours=23)
    put(site, proof)
    aged(proof, expires=timezone.now() - timedelta(seconds=1))
    assert proofs.check_proof(proof.pk).state == "expired"
    assert proofs.check_proof(proof.pk).state == "expired", "and stays so"
    assert site.asked == []
    again = begun(site.origin)
    assert again.token != proof.token
    assert proofs.check_proof(again.pk).state == "pending"


def test_a_pending_token_is_kept_and_a_new_proof_replaces_the_old_one(site: Site) -> None:
    first = begun(site.origin)
    assert begun(site.origin).pk == first.pk
    put(site, first)
    proofs.check_proof(first.pk)
    second = begun(site.origin)
    assert second.pk != first.pk
    put(site, second)
    proofs.check_proof(second.pk)
    first.refresh_from_db()
    assert first.state == "replaced"
    assert proofs.check_proof(first.pk).state == "replaced"


def test_what_is_gone_three_days_has_lapsed_and_the_same_file_does_not_bring_it_back(site: Site) -> None:
    proof = begun(site.origin)
    put(site, proof)
    proofs.check_proof(proof.pk)
    site.files.clear()
    assert proofs.check_proof(proof.pk).failures == 1
    assert not selectors.has_fresh_proof(proof.organisation, site.base_url)
    assert selectors.has_proven(proof.organisation, site.base_url), "one bad day takes nothing away"
    put(site, proof)
    assert proofs.check_proof(proof.pk).failures == 0
    site.files.clear()
    for _ in range(proofs.LOST_AFTER):
        proofs.check_proof(proof.pk)
    proof.refresh_from_db()
    assert proof.state == "lapsed"
    assert not selectors.has_proven(proof.organisation, site.base_url)
    put(site, proof)
    assert proofs.check_proof(proof.pk).state == "lapsed"
    assert AuditEvent.objects.filter(action="origin.lapsed").count() == 1


def test_the_sweep_looks_for_what_was_asked_for_and_daily_for_what_was_found(site: Site) -> None:
    proof = begun(site.origin)
    put(site, proof)
    assert proofs.check_due() == 0, "nobody has asked yet"
    assert proofs.ask_check(proof)
    assert not proofs.ask_check(proof), "not twice within seconds"
    assert proofs.check_due() == 1
    assert proofs.check_due() == 0
    aged(proof, checked=timezone.now() - timedelta(days=2), asked=timezone.now() - timedelta(days=3))
    assert proofs.check_due() == 1
    other = begun("https://8.8.8.8")
    aged(other, expires=timezone.now() - timedelta(seconds=1))
    assert proofs.check_due() == 1
    other.refresh_from_db()
    assert other.state == "expired"
    assert file_url(other.origin, other.token).startswith("https://8.8.8.8/.well-known/assay/")
