"""Where a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def sender(meta: Mapping[str, Any], proxies: int) -> Address | None:
    """The connection's peer, or what the outermost of our own proxies saw; None: it has no address.

    A client may send X-Forwarded-For itself, so only as many of its last entries count as there are proxies
    of ours.
    """
    peer = str(meta.get("REMOTE_ADDR", ""))
    forwarded = [part.strip() for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    text = forwarded[-proxies] if 0 < proxies <= len(forwarded) else peer
    for candidate in (text, peer):
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return mapped or address
    return None


def client_address(meta: Mapping[str, Any], proxies: int) -> str:
    """The sender as it is counted: whoever has an IPv6 address owns its whole /64 and counts as one."""
    address = sender(meta, proxies)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
    return "unknown" if address is None else str(address)
