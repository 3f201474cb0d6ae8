from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from leaderboard.catalogue import Catalogue, read_catalogue
from leaderboard.services.catalogue import load_catalogue
from verifier.contracts import contract_for
from verifier.models import Endpoint, Model, Provider, Run
from verifier.scoring.declaration import BITS


def reachable() -> Catalogue:
    """The catalogue with addresses whose names nobody has to resolve: tests reach nothing outside."""
    found = read_catalogue()
    providers = tuple(replace(one, base_url="https://8.8.8.8/v1") for one in found.providers)
    return replace(found, providers=providers)


def test_every_entry_says_where_it_is_from() -> None:
    catalogue = read_catalogue()
    assert len(catalogue.offers) >= 5
    for offer in catalogue.offers:
        assert urlsplit(offer.source).scheme == "https"
        assert (offer.price_in is None) is (offer.price_out is None)
    assert all(urlsplit(one.base_url).scheme == "https" for one in catalogue.providers)
    assert all(model.precision in BITS for model in catalogue.models)
    assert contract_for("moonshotai/kimi-k2.5").family == "kimi-k2.5"


@pytest.mark.django_db
def test_loading_registers_what_is_missing_and_measures_nothing() -> None:
    catalogue = reachable()
    new = load_catalogue(catalogue)
    assert (new.models, new.providers, new.endpoints) == (
        len(catalogue.models),
        len(catalogue.providers),
        len(catalogue.offers),
    )
    endpoint = Endpoint.objects.get(provider__slug="fireworks", model__name="gpt-oss-120b")
    assert (endpoint.price_in, endpoint.declared_quantization) == (Decimal("0.15"), "unknown")
    assert "https://" in endpoint.what
    assert not endpoint.is_control
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_loading_again_changes_nothing_and_keeps_the_operators_edits() -> None:
    load_catalogue(reachable())
    Endpoint.objects.filter(provider__slug="groq").update(label="Ours", listed=False, price_in=Decimal(7))
    Provider.objects.filter(slug="groq").update(name="Groq, Inc.")
    Model.objects.filter(name="gpt-oss-120b").update(licence="theirs")
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert "New: 0 models, 0 providers, 0 endpoints." in out.getvalue()
    kept = Endpoint.objects.select_related("provider", "model").get(provider__slug="groq")
    assert (kept.label, kept.listed, kept.price_in) == ("Ours", False, Decimal(7))
    assert (kept.provider.name, kept.model.licence) == ("Groq, Inc.", "theirs")
