from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from verifier.client import own_host


def test_an_address_of_this_machine_is_known_without_sending_anything() -> None:
    assert own_host.is_own_address(ip_address("127.0.0.1"))
    assert not own_host.is_own_address(ip_address("8.8.8.8"))
    assert not own_host.is_own_address(ip_address("2001:4860:4860::8888"))


def test_where_everything_binds_binding_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_host, "_binds", lambda address: True)
    own_host._binds_anything.cache_clear()

    assert not own_host.is_own_address(ip_address("8.8.8.8"))

    own_host._binds_anything.cache_clear()


def test_the_machines_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "GPU7.example.com")

    assert own_host.is_own_name("gpu7.example.com")
    assert not own_host.is_own_name("gpu8.example.com")
