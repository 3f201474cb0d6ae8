"""Many endpoints at once, from the feed that their provider serves for OpenRouter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from leaderboard import selectors
from leaderboard.feeds_openrouter import FeedRefused, Offer, offers
from leaderboard.models import Organisation, Submission
from leaderboard.services.submissions import Declared, submit
from verifier.models import Model


@dataclass(slots=True)
class Submitted:
    """The submissions made of a feed, and for each entry that was passed over its id and why."""

    made: list[Submission] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


@transaction.atomic
def submit_feed(
    organisation: Organisation, user: User, *, base_url: str, feed: Any, api_key: str = ""
) -> Submitted:
    """Submit every model of a feed that is measured here and not submitted yet. All of them or none.

    Of several offers of one model each gets a variant of its own, after its id. Raises ValidationError keyed
    by the place in the feed.
    """
    try:
        found = list(offers(feed))
    except FeedRefused as error:
        raise ValidationError({error.path: str(error)}) from None
    models = {model.slug.lower(): model for model in selectors.measured_models()}
    known = {
        (one.endpoint.base_url.rstrip("/"), one.endpoint.upstream_model)
        for one in selectors.submissions_of(organisation)
    }
    often = Counter(offer.model.lower() for offer in found)
    result = Submitted()
    for number, offer in enumerate(found):
        model = models.get(offer.model.lower())
        if why := _passed_over(offer, model, (base_url.rstrip("/"), offer.upstream_model) in known):
            result.skipped.append((offer.upstream_model, why))
        elif model is not None:
            variant = slugify(offer.upstream_model)[:80] if often[offer.model.lower()] > 1 else ""
            said = _declared(offer, model, base_url, variant, api_key)
            result.made.append(_submitted(organisation, user, said, f"data.{number}"))
    return result


def _passed_over(offer: Offer, model: Model | None, known: bool) -> str:
    if not offer.ready:
        return "It is not ready, as the feed says."
    if model is None:
        return "This model is not measured here."
    return "It is submitted already." if known else ""


def _declared(offer: Offer, model: Model, base_url: str, variant: str, api_key: str) -> Declared:
    return Declared(
        model=model,
        base_url=base_url,
        upstream_model=offer.upstream_model,
        variant=variant,
        declared_quantization=offer.quantization,
        region=offer.region,
        price_in=offer.price_in,
        price_out=offer.price_out,
        api_key=api_key,
    )


def _submitted(organisation: Organisation, user: User, said: Declared, at: str) -> Submission:
    try:
        return submit(organisation, user, said)
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise ValidationError({at: error.messages}) from None
        shared = ("base_url", "api_key")  # they stand beside the feed, not in it
        raise ValidationError(
            {name if name in shared else f"{at}.{name}": said for name, said in error.message_dict.items()}
        ) from None
