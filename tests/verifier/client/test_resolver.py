from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import pytest

from verifier.client.resolver import SystemResolver


async def test_the_system_knows_localhost() -> None:
    addresses = await SystemResolver().resolve("localhost", 80)

    assert addresses
    assert set(addresses) <= {"127.0.0.1", "::1"}
    assert len(set(addresses)) == len(addresses)


async def test_a_name_that_is_none_is_an_os_error() -> None:
    with pytest.raises(OSError, match="not a name"):
        await SystemResolver().resolve("a" * 300, 80)


async def test_a_look_up_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        release.wait(10)
        raise OSError("late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await SystemResolver().resolve("slow.example.com", 80)

    assert time.monotonic() - began < 1
    release.set()
