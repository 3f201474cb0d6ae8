"""TXT records of a name, as one or several resolvers see them, within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

SECONDS = 5.0


class TxtResolver(Protocol):
    """Anything that knows the TXT records of a name."""

    async def records(self, name: str) -> list[str]:
        """The texts, none where the name has no TXT record.

        Raises:
            OSError: nobody could be asked.
        """
        ...


class DnsTxt:
    """The DNS. With several servers only what every one of them sees counts: one may have been lied to.

    `servers`: addresses of resolvers; none means those of the operating system. `port` is theirs.
    """

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._servers = tuple(servers)
        self._port = port

    async def records(self, name: str) -> list[str]:
        if not self._servers:
            return await self._ask(name, dns.asyncresolver.Resolver())
        answers = await asyncio.gather(*(self._ask(name, self._by(server)) for server in self._servers))
        return [text for text in answers[0] if all(text in other for other in answers[1:])]

    def _by(self, server: str) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [server]
        resolver.port = self._port
        return resolver

    async def _ask(self, name: str, resolver: dns.asyncresolver.Resolver) -> list[str]:
        try:
            found = await resolver.resolve(name, dns.rdatatype.TXT, lifetime=SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise OSError(f"The DNS did not answer: {type(error).__name__}.") from None
        return [b"".join(record.strings).decode("utf-8", errors="replace") for record in found]
