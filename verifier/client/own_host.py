"""Is this name or address the machine we run on? A public address of ours leads inside, too."""

from __future__ import annotations

import socket
from functools import cache
from ipaddress import IPv6Address

from verifier.client.addresses import IPAddress, parse_address

_NOBODYS = "192.0.2.1"
"""A documentation address no machine has."""


def is_own_name(host: str) -> bool:
    """Whether this is what the machine calls itself (other names of it give themselves away by address)."""
    return host == socket.gethostname().lower()


def is_own_address(address: IPAddress) -> bool:
    """Whether an interface of this machine has the address. Sends nothing: only tries to bind it."""
    return _binds(address) and not _binds_anything()


@cache
def _binds_anything() -> bool:
    """Whether the kernel binds foreign addresses (`ip_nonlocal_bind`): binding then proves nothing."""
    nobody = parse_address(_NOBODYS)
    return nobody is not None and _binds(nobody)


def _binds(address: IPAddress) -> bool:
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address.compressed, 0))
    except OSError:
        return False
    return True
