"""From a name to its addresses, without ever outstaying the deadline."""

from __future__ import annotations

import asyncio
import socket
from threading import Thread
from typing import Protocol


class Resolver(Protocol):
    """Anything that turns a name into addresses."""

    async def resolve(self, host: str, port: int) -> list[str]:
        """All addresses of `host`, in order of preference.

        Raises:
            OSError: the name does not resolve.
        """
        ...


class SystemResolver:
    """The operating system's resolver.

    Each look-up has a daemon thread of its own: `getaddrinfo` cannot be interrupted, and a thread of a
    pool that hangs in it would hold up the end of the event loop or of the process.
    """

    async def resolve(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[str]] = loop.create_future()

        def settle(addresses: list[str], error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(addresses)
            else:
                future.set_exception(error)

        def look_up() -> None:
            addresses: list[str] = []
            failure: Exception | None = None
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
            except UnicodeError:
                failure = OSError("not a name")
            except Exception as error:  # handed to the one who asked
                failure = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, addresses, failure)

        Thread(target=look_up, name="resolve", daemon=True).start()
        return await future
