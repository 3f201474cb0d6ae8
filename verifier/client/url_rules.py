"""Which URLs have one reading only: whatever another parser could read differently is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifier.client.addresses import IPAddress, parse_address
from verifier.client.http import UrlInvalid, split_url

EXPECTED = "Expected an address like https://api.example.com/v1."
MAX_URL = 2048
MAX_HOST = 253

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:(?P<name>[a-z0-9._-]+)|\[(?P<ipv6>[0-9a-f:.]+)\])"
    r"(?P<port>:[1-9][0-9]{0,4})?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class UrlRefused(Exception):
    """The URL is not one this client would ever fetch; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a URL leads. `address` is set when the host is a literal address, else `host` is a name."""

    scheme: str
    host: str
    port: int
    address: IPAddress | None

    @property
    def shown(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def destination(url: str) -> Destination:
    """Where this URL leads, if every parser agrees.

    Raises:
        UrlRefused: it has no single reading, or is no http(s) URL.
    """
    _refuse_characters(url)
    _refuse_other_schemes(url)
    match = _URL.fullmatch(url)
    if match is None:
        raise UrlRefused(_explain(url))
    read = match["ipv6"] or match["name"].lower()
    if match["name"]:
        _refuse_odd_name(read)
    try:
        parts = split_url(url)
    except UrlInvalid as error:
        raise UrlRefused(f"The URL cannot be read: {error}. {EXPECTED}") from None
    if parts.host != read.lower():
        raise UrlRefused(f"The host has two readings, {read!r} and {parts.host!r}. {EXPECTED}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port > 65535:
        raise UrlRefused(f"Port {port} does not exist: ports go from 1 to 65535.")
    address = parse_address(parts.host)
    host = parts.host if address is None else address.compressed
    return Destination(parts.scheme, host, port, address)


def _refuse_characters(url: str) -> None:
    if not url:
        raise UrlRefused(f"The URL is empty. {EXPECTED}")
    if len(url) > MAX_URL:
        raise UrlRefused(f"The URL is {len(url)} characters long; at most {MAX_URL} are taken.")
    for character in url:
        if character <= " " or character == "\x7f":
            raise UrlRefused(f"The URL holds a space or a control character (U+{ord(character):04X}).")
        if character > "~":
            raise UrlRefused(
                f"The URL holds the character U+{ord(character):04X}, which parsers read differently; "
                "write an international name in its xn-- form."
            )
    if "\\" in url:
        raise UrlRefused("The URL holds a backslash, which parsers read differently.")


def _refuse_other_schemes(url: str) -> None:
    if url.lower().startswith(("https://", "http://")):
        return
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() in ("http", "https"):
        raise UrlRefused(f"The scheme is not followed by //. {EXPECTED}")
    if scheme and "." not in scheme[1]:
        raise UrlRefused(f"The scheme {scheme[1].lower()!r} is not taken; only https is. {EXPECTED}")
    raise UrlRefused(f"The URL does not begin with https://. {EXPECTED}")


def _explain(url: str) -> str:
    """Why a URL outside the grammar is refused, in order of what a person would look at first."""
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not authority or authority.startswith(":"):
        return f"The URL names no host. {EXPECTED}"
    if "@" in authority:
        return "The URL holds a user name before the host; give keys separately, never in the URL."
    if "%" in authority:
        return "The host holds a percent sign: escapes and scopes are not taken in a host."
    if "?" in rest or "#" in rest:
        return f"The URL holds a query or a fragment; a base URL has neither. {EXPECTED}"
    if parse_address(authority) and ":" in authority:
        return f"An IPv6 address stands in brackets: https://[{authority}]."
    host, port = _split_port(authority)
    if port is not None and not re.fullmatch(r"[1-9][0-9]{0,4}", port):
        return f"The port {port!r} is not a number from 1 to 65535."
    if not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host):
        return f"The host {host!r} is neither a name nor an address. {EXPECTED}"
    return f"The path holds characters a base URL does not have. {EXPECTED}"


def _split_port(authority: str) -> tuple[str, str | None]:
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        return (host + bracket, rest[1:]) if rest.startswith(":") else (authority, None)
    host, colon, port = authority.partition(":")
    return (host, port) if colon else (host, None)


def _refuse_odd_name(host: str) -> None:
    if host.endswith("."):
        raise UrlRefused("The host ends in a dot; write it without.")
    if len(host) > MAX_HOST:
        raise UrlRefused(f"The host is {len(host)} characters long; names have at most {MAX_HOST}.")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # The WHATWG rule "ends in a number": to some parsers such a host is an IPv4 address.
        if parse_address(host) is None:
            raise UrlRefused(f"The host {host!r} is no IPv4 address as usually written, like 8.8.8.8.")
        return
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused(f"The host {host!r} is not a valid name.")
