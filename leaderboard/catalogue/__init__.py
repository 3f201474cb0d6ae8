"""Real models and who offers them, from public pages: data files, one of models and one of offers.

A new entry is a few lines in a file, with the page that says so. What no public page says is left out.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).parent
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model as its makers released it; `url` says so."""

    org: str
    name: str
    precision: str
    licence: str
    url: str

    @property
    def slug(self) -> str:
        """`org/name`."""
        return f"{self.org}/{self.name}"


@dataclass(frozen=True, slots=True)
class CatalogueProvider:
    """An organisation and the address of its API."""

    slug: str
    name: str
    url: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider's offer of a model (`org/name`), as `source` said on the day `read`.

    Prices are US dollars per million tokens, None where the source gives none.
    """

    provider: str
    model: str
    upstream_model: str
    source: str
    read: date
    variant: str = ""
    declared_quantization: str = "unknown"
    price_in: Decimal | None = None
    price_out: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything in the files."""

    models: tuple[CatalogueModel, ...]
    providers: tuple[CatalogueProvider, ...]
    offers: tuple[Offer, ...]


def read_catalogue(folder: Path = FOLDER) -> Catalogue:
    """The catalogue in `folder`. Raises ValueError, which names what is wrong."""
    models, offers = (
        tomllib.loads((folder / name).read_text("utf-8")) for name in ("models.toml", "offers.toml")
    )
    found = Catalogue(
        tuple(_entry(CatalogueModel, row) for row in models["models"]),
        tuple(_entry(CatalogueProvider, row) for row in offers["providers"]),
        tuple(_entry(Offer, _offer(row)) for row in offers["offers"]),
    )
    known, sellers = {model.slug for model in found.models}, {one.slug for one in found.providers}
    for offer in found.offers:
        if offer.model not in known or offer.provider not in sellers:
            raise ValueError(
                f"{offer.provider} offers {offer.model}, and one of them is not in the catalogue"
            )
    return found


def _offer(row: dict[str, Any]) -> dict[str, Any]:
    prices: dict[str, Any] = {name: Decimal(row[name]) for name in ("price_in", "price_out") if name in row}
    return {**row, "read": date.fromisoformat(row["read"]), **prices}


def _entry(kind: type[Entry], row: dict[str, Any]) -> Entry:
    try:
        return kind(**row)
    except TypeError as error:
        raise ValueError(f"{row} is no {kind.__name__}: {error}") from error
