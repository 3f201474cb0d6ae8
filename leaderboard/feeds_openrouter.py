"""OpenRouter's list of a provider's models, read as endpoints to be submitted. Pure.

The format is the one that providers serve for OpenRouter: an object with `data`, a list of models, of which
`id`, `hugging_face_id`, `quantization`, `pricing`, `datacenters` and `is_ready` say what is of use here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

MOST = 500
_MILLION = Decimal(1_000_000)


class FeedRefused(ValueError):
    """The feed is none; `path` says where, the message what was expected there."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Offer:
    """One model of a feed. Prices are US dollars per million tokens."""

    upstream_model: str
    model: str
    quantization: str
    region: str
    price_in: Decimal | None
    price_out: Decimal | None
    ready: bool


def offers(feed: Any) -> Iterator[Offer]:
    """Every model of a feed. Raises FeedRefused at the first thing that is not as it should be."""
    entries = feed.get("data") if isinstance(feed, Mapping) else feed
    if not isinstance(entries, list) or not entries:
        raise FeedRefused("data", "Expected a list of models.")
    if len(entries) > MOST:
        raise FeedRefused("data", f"At most {MOST} models at a time.")
    for number, entry in enumerate(entries):
        at = f"data.{number}"
        if not isinstance(entry, Mapping):
            raise FeedRefused(at, "Expected an object.")
        pricing = entry.get("pricing") or {}
        if not isinstance(pricing, Mapping):
            raise FeedRefused(f"{at}.pricing", "Expected an object of prices per token.")
        yield Offer(
            upstream_model=_word(entry, "id", at, 200, needed=True),
            model=_word(entry, "hugging_face_id", at, 281),
            quantization=(_word(entry, "quantization", at, 20) or "unknown").lower(),
            region=_region(entry.get("datacenters"), at),
            price_in=_price(pricing, "prompt", at),
            price_out=_price(pricing, "completion", at),
            ready=entry.get("is_ready") is not False,
        )


def _word(entry: Mapping[str, Any], name: str, at: str, most: int, *, needed: bool = False) -> str:
    value = entry.get(name)
    if value is None and not needed:
        return ""
    if (
        not isinstance(value, str)
        or len(value) > most
        or (needed and not value.strip())
        or not value.isprintable()
    ):
        raise FeedRefused(f"{at}.{name}", f"Expected a text of at most {most} printable characters.")
    return value.strip()


def _region(value: Any, at: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, list):
        raise FeedRefused(f"{at}.datacenters", "Expected a list of objects with country_code.")
    codes = [one.get("country_code") for one in value if isinstance(one, Mapping)]
    return ", ".join(dict.fromkeys(code for code in codes if isinstance(code, str) and code.isprintable()))[
        :80
    ]


def _price(pricing: Mapping[str, Any], name: str, at: str) -> Decimal | None:
    value = pricing.get(name)
    if value is None:
        return None
    try:
        per_token = Decimal(str(value))
    except InvalidOperation:
        per_token = Decimal("NaN")
    if not per_token.is_finite() or not 0 <= per_token < 1:
        raise FeedRefused(f"{at}.pricing.{name}", "Expected US dollars per token, as a text: 0.00000055.")
    return (per_token * _MILLION).quantize(Decimal("0.000001"))
