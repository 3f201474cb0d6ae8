"""Is this address on the public internet? Decided here, from the registries, not by `ipaddress`.

`ipaddress.is_global` of Python 3.11 calls `::127.0.0.1`, `64:ff9b::7f00:1`, `2002:7f00:1::1`,
`fec0::1`, `ff02::1` and `192.88.99.1` global. The tables below are the IANA IPv4 and IPv6
Special-Purpose Address Registries (RFC 6890, as of 2026) with multicast, reserved and deprecated space
added. Prefixes the registries mark as globally reachable (protocol anycast, AS112, NAT64) are refused
as well: nobody serves a model there, and some embed another address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address

SPECIAL_IPV4: dict[str, str] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier-grade NAT, shared",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local, cloud metadata",
    "168.63.129.16/32": "Azure's host agent",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "IETF protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "AS112",
    "192.52.193.0/24": "automatic multicast tunnelling",
    "192.88.99.0/24": "6to4 relay, deprecated",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "AS112",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "255.255.255.255/32": "limited broadcast",
}

SPECIAL_IPV6: dict[str, str] = {
    "::1/128": "loopback",
    "::/128": "unspecified",
    "::ffff:0:0/96": "IPv4-mapped",
    "::ffff:0:0:0/96": "IPv4-translated",
    "::/96": "IPv4-compatible, deprecated",
    "64:ff9b::/96": "NAT64, holds an IPv4 address",
    "64:ff9b:1::/48": "NAT64, local",
    "100::/64": "discard-only",
    "100:0:0:1::/64": "dummy prefix",
    "2001::/32": "Teredo, holds an IPv4 address",
    "2001::/23": "IETF protocol assignments",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4, holds an IPv4 address",
    "2620:4f:8000::/48": "AS112",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing identifiers",
    "fc00::/7": "unique local, private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local, deprecated",
    "ff00::/8": "multicast",
}

_IPV4 = [(IPv4Network(prefix), name) for prefix, name in SPECIAL_IPV4.items()]
_IPV6 = [(IPv6Network(prefix), name) for prefix, name in SPECIAL_IPV6.items()]
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def parse_address(text: str) -> IPAddress | None:
    """The address a resolver or a URL wrote, or None if it is none. A scope (`%lo`) makes it none."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def why_not_public(address: IPAddress) -> str | None:
    """What kind of special address this is, with its prefix, or None for a public one."""
    if isinstance(address, IPv4Address):
        return next((f"{name}, {network}" for network, name in _IPV4 if address in network), None)
    if reason := next((f"{name}, {network}" for network, name in _IPV6 if address in network), None):
        return reason
    if address not in _GLOBAL_UNICAST:
        return f"outside {_GLOBAL_UNICAST}, the only public IPv6 space"
    return None


def is_loopback(address: IPAddress) -> bool:
    """True loopback only: 127.0.0.0/8 and ::1, not an address that embeds one."""
    if isinstance(address, IPv4Address):
        return address in IPv4Network("127.0.0.0/8")
    return address == IPv6Address("::1")
