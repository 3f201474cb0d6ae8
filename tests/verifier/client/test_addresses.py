from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.client import refused
from verifier.client.addresses import (
    SPECIAL_IPV4,
    SPECIAL_IPV6,
    is_loopback,
    parse_address,
    why_not_public,
)

PREFIXES = [*SPECIAL_IPV4, *SPECIAL_IPV6]
GLOBAL_IN_THE_REGISTRY = [
    "192.0.0.9/32", "192.0.0.10/32", "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "2001:1::1/128",
    "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28",
    "2620:4f:8000::/48", "64:ff9b::/96",
]  # fmt: skip
"""Special prefixes marked globally reachable, where the standard library and this client differ."""


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_special_prefix_is_refused_at_its_first_middle_and_last_address(prefix: str) -> None:
    network = ip_network(prefix)
    middle = network[network.num_addresses // 2]

    for address in (network[0], middle, network[-1]):
        assert why_not_public(address), address


@pytest.mark.parametrize("address", [*refused.IPV4, *refused.IPV6])
def test_the_known_bad_ones_are_refused_with_their_prefix(address: str) -> None:
    assert "/" in (why_not_public(ip_address(address)) or "")


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "100.63.255.254", "100.128.0.1", "9.255.255.255", "11.0.0.0",
     "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
     "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
     "198.20.0.0", "223.255.255.255", "168.63.129.15", "168.63.129.17", "2001:4860:4860::8888",
     "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111", "3ffe:ffff::1",
     "3fff:1000::1", "2a00:1450:4001::1"],
)  # fmt: skip
def test_the_neighbours_pass(address: str) -> None:
    assert why_not_public(ip_address(address)) is None


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_ipv4_never_passes_where_the_standard_library_refuses(address: IPv4Address) -> None:
    if why_not_public(address) is None:
        assert address.is_global
        assert not address.is_multicast
    elif address.is_global and not address.is_multicast:
        assert address == IPv4Address("168.63.129.16") or _in(address, "192.88.99.0/24") or _listed(address)


@given(st.one_of(st.integers(0, 2**128 - 1), st.integers(2**125, 2**126 - 1)).map(IPv6Address))
def test_ipv6_passes_exactly_where_global_unicast_embeds_nothing(address: IPv6Address) -> None:
    if why_not_public(address) is None:
        assert address.is_global
        assert _in(address, "2000::/3")
        assert address.ipv4_mapped is None
        assert address.sixtofour is None
        assert address.teredo is None
    elif address.is_global and _in(address, "2000::/3"):
        assert _listed(address) or _in(address, "2002::/16") or _in(address, "3fff::/20")


@given(st.sampled_from(PREFIXES), st.data())
def test_no_address_of_a_special_prefix_passes(prefix: str, data: st.DataObject) -> None:
    network = ip_network(prefix)
    assert why_not_public(network[data.draw(st.integers(0, network.num_addresses - 1))])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.255.255", "::1"])
def test_true_loopback(address: str) -> None:
    assert is_loopback(ip_address(address))


@pytest.mark.parametrize(
    "address", ["::127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "126.0.0.1", "0.0.0.0", "::"]
)
def test_what_embeds_or_resembles_loopback_is_not_loopback(address: str) -> None:
    assert not is_loopback(ip_address(address))


@pytest.mark.parametrize(
    "text", ["", "a", "127.1", "0177.0.0.1", "fe80::1%eth0", "[::1]", "1.2.3.4 ", "٨.8.8.8"]
)
def test_only_plain_addresses_are_addresses(text: str) -> None:
    assert parse_address(text) is None


def _in(address: IPv4Address | IPv6Address, prefix: str) -> bool:
    network: IPv4Network | IPv6Network = ip_network(prefix)
    return address.version == network.version and address in network


def _listed(address: IPv4Address | IPv6Address) -> bool:
    return any(_in(address, prefix) for prefix in GLOBAL_IN_THE_REGISTRY)
