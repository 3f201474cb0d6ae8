"""Registers what the catalogue knows, and leaves alone whatever is there already."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from leaderboard.catalogue import Catalogue
from verifier import services
from verifier.models import Endpoint, Model, Provider


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were new."""

    providers: int
    models: int
    endpoints: int


@transaction.atomic
def load_catalogue(catalogue: Catalogue) -> Loaded:
    """Register the models, providers and offers that are not there yet: they show as not yet measured.

    A row that exists is the operator's: nothing of it is changed, and one that was unlisted stays so.
    """
    models, providers = {}, {}
    created = Loaded(0, 0, 0)
    for entry in catalogue.models:
        known = Model.objects.filter(org=entry.org, name=entry.name).first()
        models[entry.slug] = known or services.register_model(
            org=entry.org, name=entry.name, precision=entry.precision, licence=entry.licence, url=entry.url
        )
        created = _plus(created, models=known is None)
    addresses = {entry.slug: entry.base_url for entry in catalogue.providers}
    for one in catalogue.providers:
        before = Provider.objects.filter(slug=one.slug).first()
        providers[one.slug] = before or services.register_provider(slug=one.slug, name=one.name, url=one.url)
        created = _plus(created, providers=before is None)
    for offer in catalogue.offers:
        provider, model = providers[offer.provider], models[offer.model]
        if Endpoint.objects.filter(provider=provider, model=model, variant=offer.variant).exists():
            continue
        services.register_endpoint(
            provider=provider,
            model=model,
            variant=offer.variant,
            label=" ".join(part for part in (provider.name, offer.variant) if part),
            base_url=addresses[offer.provider],
            upstream_model=offer.upstream_model,
            declared_quantization=offer.declared_quantization,
            price_in=offer.price_in,
            price_out=offer.price_out,
            what=f"From {offer.source}, read {offer.read.isoformat()}",
        )
        created = _plus(created, endpoints=True)
    return created


def _plus(found: Loaded, *, providers: bool = False, models: bool = False, endpoints: bool = False) -> Loaded:
    return Loaded(found.providers + providers, found.models + models, found.endpoints + endpoints)
