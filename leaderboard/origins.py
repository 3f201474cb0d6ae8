"""Origins, and where the proof that one is somebody's has to be. Pure."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError

from verifier.client.addresses import parse_address
from verifier.client.url_rules import UrlRefused, destination

FRESH = timedelta(hours=1)
"""What publishes or delists takes a proof that was seen so short a time ago."""
PATH = "/.well-known/assay/"


def origin_of(base_url: str) -> str:
    """Scheme, host, and the port where it is not the usual one. Raises ValidationError keyed `base_url`."""
    try:
        where = destination(base_url)
    except UrlRefused as error:
        raise ValidationError({"base_url": str(error)}) from None
    host = f"[{where.host}]" if ":" in where.host else where.host
    usual = {"https": 443, "http": 80}[where.scheme]
    return f"{where.scheme}://{host}" + ("" if where.port == usual else f":{where.port}")


def file_url(origin: str, token: str) -> str:
    """Where the file has to be: on this very origin, not on a parent domain."""
    return f"{origin}{PATH}{token}"


def txt_name(origin: str) -> str:
    """The name whose TXT record proves this origin; empty where the host is no public name."""
    host = destination(origin).host
    return "" if parse_address(host) is not None or "." not in host else f"_assay.{host}"


def txt_value(value: str) -> str:
    """What the record has to be."""
    return f"assay-proof={value}"
