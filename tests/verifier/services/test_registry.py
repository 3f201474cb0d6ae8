from __future__ import annotations

import socket
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from tests.verifier import world
from verifier import services
from verifier.models import Endpoint, Reference, ReferenceRole

pytestmark = pytest.mark.django_db

REFUSED_HOSTS = """
2130706433 0x7f000001 017700000001 0177.0.0.1 0x7f.1 127.1 0 127.000000000000.1 0o177.0.0.1 127.0.0.1.
256.256.256.256 0.0.0.0 10.0.0.1 100.64.0.0 100.127.255.255 127.255.255.255 169.254.169.254 172.31.255.255
192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
100.100.100.200 168.63.129.16 [::] [::1] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:a9fe:a9fe]
[::ffff:100.64.0.1] [::ffff:0:127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::a00:1] [2002:7f00:1::1] [2001::1]
[2001:db8::1] [3fff::1] [5f00::1] [100::1] [fc00::1] [fd00:ec2::254] [fe80::1] [fe80::1%lo] [fec0::1]
[ff02::1]
a@127.0.0.1 127.0.0.1#@a 127.0.0.1\\@a a\\@127.0.0.1 a;@127.0.0.1 a%2f@127.0.0.1 127%2e0%2e0%2e1 [::1]foo
a%0d%0aHost:x 127。0。0。1 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ 8.8.8.8:0 8.8.8.8:-1 8.8.8.8:99999 8.8.8.8:22 8.8.8.8:6379 8.8.8.8:80:443
localhost localhost. ip6-localhost metadata metadata.google.internal host.docker.internal x.internal
"""
ODD = [
    "http:127.0.0.1",
    "http:///127.0.0.1",
    "//127.0.0.1",
    " https://8.8.8.8/v1",
    "https://8.8.\u00ad8.8/v1",
    "https://8.8.\u200b8.8/v1",
    "http://8.8.8.8/v1",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "ftp://8.8.8.8/",
    "unix:///run/x.sock",
    "",
]
PASSED = ["8.8.8.8", "100.63.255.254", "100.128.0.1", "[2001:4860:4860::8888]"]


@pytest.mark.parametrize("url", [*(f"https://{host}/v1" for host in REFUSED_HOSTS.split()), *ODD])
def test_every_bad_address_is_refused_without_a_connection(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    with pytest.raises(ValidationError) as caught:
        world.endpoint(url)
    assert caught.value.message_dict["base_url"][0].strip()
    assert not Endpoint.objects.exists()
    with pytest.raises(ValidationError):
        world.reference(url)
    assert not Reference.objects.exists()


@pytest.mark.parametrize("host", PASSED)
def test_the_good_addresses_pass(host: str) -> None:
    assert world.endpoint(f"https://{host}/v1").base_url == f"https://{host}/v1"


def test_the_operators_list_opens_exactly_what_it_names(settings: Settings) -> None:
    settings.EGRESS_ALLOW = frozenset({"127.0.0.1:8081"})
    world.endpoint("http://127.0.0.1:8081/v1")
    for near in ("http://127.0.0.1:8082/v1", "http://127.0.0.2:8081/v1", "http://localhost:8081/v1"):
        with pytest.raises(ValidationError):
            world.endpoint(near, variant="near")


def test_registering_again_updates() -> None:
    first = world.endpoint(what="one")
    second = world.endpoint("https://8.8.4.4/v1", what="two")
    assert first.pk == second.pk
    assert Endpoint.objects.get().what == "two"
    assert world.endpoint(variant="turbo").pk != first.pk


def test_what_calibrates_is_never_judged() -> None:
    world.reference("https://8.8.4.4/v1", role=ReferenceRole.HONEST)
    for spelling in ("https://8.8.4.4/v1", "https://8.8.4.4/v1/"):
        with pytest.raises(ValidationError, match="can't be judged"):
            world.endpoint(spelling)
    world.endpoint("https://8.8.8.8/v1")
    with pytest.raises(ValidationError, match="can't calibrate"):
        world.reference("https://8.8.8.8/v1/", name="other")


def test_a_new_reference_takes_the_place_of_the_active_one() -> None:
    first = world.reference()
    second = world.reference("https://1.1.1.1/v1", name="newer")
    first.refresh_from_db()
    assert not first.active
    assert second.active
    world.reference("https://1.0.0.1/v1", role=ReferenceRole.HONEST, name="honest")
    assert Reference.objects.filter(active=True).count() == 2


def test_what_is_said_of_a_reference_fits_its_role() -> None:
    for role in (ReferenceRole.REFERENCE, ReferenceRole.HONEST):
        with pytest.raises(ValidationError, match="nothing was done"):
            world.reference(role=role, cause="pruning")
    with pytest.raises(ValidationError) as caught:
        world.reference(role=ReferenceRole.VARIANT, cause="bad luck")
    assert set(caught.value.message_dict) == {"cause"}
    assert world.reference(role=ReferenceRole.RUNG, cause="pruning").cause == "pruning"
    for role, template in ((ReferenceRole.HONEST, "{{ messages }}"), (ReferenceRole.REFERENCE, "{% if %}")):
        with pytest.raises(ValidationError) as caught:
            world.reference(role=role, chat_template=template)
        assert set(caught.value.message_dict) == {"chat_template"}


def test_an_endpoint_changes_with_its_address_and_with_nothing_else() -> None:
    first = world.endpoint().changed
    assert world.endpoint(label="Renamed").changed == first
    moved = world.endpoint("https://8.8.4.4/v1").changed
    assert moved > first
    assert world.endpoint("https://8.8.4.4/v1", upstream_model="toy/two").changed > moved


def test_a_wrong_field_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        services.register_provider(slug="not a slug", name="")
    assert set(caught.value.message_dict) == {"slug", "name"}
