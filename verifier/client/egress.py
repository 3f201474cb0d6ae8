"""The egress guard: may this process connect there? Strangers name the URLs; this decides.

https to public addresses only. The operator's allow list (`host:port`) opens the lab and private
deployments. A name is resolved once, every answer must be good, and the caller connects to an address
returned here, never to the name again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Thread

from verifier.client.addresses import IPAddress, is_loopback, parse_address, why_not_public
from verifier.client.own_host import is_own_address, is_own_name
from verifier.client.ports import why_port_refused
from verifier.client.resolver import Resolver, SystemResolver
from verifier.client.url_rules import Destination, UrlRefused, destination

RESOLVE_SECONDS = 5.0
INTERNAL_DOMAINS = frozenset(
    {"corp", "home", "home.arpa", "internal", "intranet", "lan"}
    | {"local", "localdomain", "localhost", "private"}
)


class Refusal(StrEnum):
    """Why a connection was not made, in a word to count by."""

    URL = "url"
    """It has more than one reading, or is no address of a web server."""
    PORT = "port"
    SCHEME = "scheme"
    NAME = "name"
    """A name of a local or an internal network."""
    ADDRESS = "address"
    """Not a public address."""
    OWN = "own"
    """This machine itself."""
    UNRESOLVED = "unresolved"


class EgressRefused(Exception):
    """This client will not connect there; the message is one clear sentence."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NameUnresolved(EgressRefused):
    """The name leads nowhere (now): nothing was refused on principle."""

    def __init__(self, message: str) -> None:
        super().__init__(Refusal.UNRESOLVED, message)


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What the operator permits beyond https to public addresses.

    `allow`: `host:port` entries (`127.0.0.1:8081`, `[::1]:80`, `gpu.internal:8000`) reachable by http
    or https at whatever address they have. `allow_loopback` and `allow_private` are the command
    line's: the first opens 127.0.0.0/8, ::1 and the name `localhost`; the second every address.
    `on_refused` is told of each refusal; it must not wait, for it is called on event loops.

    Raises:
        ValueError: an entry of `allow` is not `host:port`.
    """

    allow: frozenset[str] = frozenset()
    allow_loopback: bool = False
    allow_private: bool = False
    on_refused: Callable[[Refusal], None] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for entry in self.allow:
            _allowed(entry)

    def permits(self, host: str, port: int) -> bool:
        """Whether the operator listed this very host and port."""
        return any(_allowed(entry) == (host, port) for entry in self.allow)


@dataclass(frozen=True, slots=True)
class UrlCheck:
    """Whether a URL would be fetched. `reason` says why not, or where it leads."""

    ok: bool
    reason: str
    addresses: tuple[str, ...] = ()


class Guard:
    """The policy at work. `destination` judges the text of a URL, `admit` every new connection."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver | None = None) -> None:
        self._policy = policy
        self._resolver = resolver or SystemResolver()

    def destination(self, url: str) -> Destination:
        """Where this URL leads, judged without the network.

        Raises:
            EgressRefused: the text alone says no.
        """
        with self._telling():
            return self._destination(url)

    async def admit(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses a new connection to `host` and `port` may be made to, best first.

        Raises:
            NameUnresolved: the name has no address, or none in time.
            EgressRefused: the host or any of its addresses is refused.
        """
        with self._telling():
            return await self._admit(host, port)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except EgressRefused as refused:
            if self._policy.on_refused is not None:
                self._policy.on_refused(refused.reason)
            raise

    def _destination(self, url: str) -> Destination:
        try:
            found = destination(url)
        except UrlRefused as error:
            raise EgressRefused(Refusal.URL, str(error)) from None
        if self._policy.permits(found.host, found.port):
            return found
        if reason := why_port_refused(found.port):
            raise EgressRefused(Refusal.PORT, reason)
        self._refuse_host(found)
        if found.scheme != "https" and not self._is_local(found):
            raise EgressRefused(Refusal.SCHEME, f"Plain http is not taken for {found.shown}; use https.")
        return found

    async def _admit(self, host: str, port: int) -> tuple[str, ...]:
        if literal := parse_address(host):
            host = literal.compressed
        answers = [host] if literal else await self._resolve(host, port)
        addresses = []
        for answer in answers:
            address = parse_address(answer)
            if address is None:
                text = f"{host} resolves to {answer!r}, which is not a usable address."
                raise EgressRefused(Refusal.ADDRESS, text)
            if not self._policy.permits(host, port):
                self._refuse_address(address, host)
            addresses.append(address.compressed)
        return tuple(dict.fromkeys(addresses))

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                answers = await self._resolver.resolve(host, port)
        except TimeoutError:
            raise NameUnresolved(f"The name {host} did not resolve within {RESOLVE_SECONDS:g} s.") from None
        except OSError:
            raise NameUnresolved(f"The name {host} does not resolve.") from None
        if not answers:
            raise NameUnresolved(f"The name {host} has no address.")
        return answers

    def _is_local(self, found: Destination) -> bool:
        if self._policy.allow_private:
            return True
        loopback = found.host == "localhost" if found.address is None else is_loopback(found.address)
        return self._policy.allow_loopback and loopback

    def _refuse_host(self, found: Destination) -> None:
        if found.address is not None:
            self._refuse_address(found.address, found.host)
            return
        if self._is_local(found):
            return
        if "." not in found.host:
            text = f"{found.host!r} is a name of a local network; use a full public name."
            raise EgressRefused(Refusal.NAME, text)
        labels = found.host.split(".")
        if any(".".join(labels[i:]) in INTERNAL_DOMAINS for i in range(len(labels))):
            text = f"{found.host} is a name of an internal network, not a public one."
            raise EgressRefused(Refusal.NAME, text)
        if is_own_name(found.host):
            raise EgressRefused(Refusal.OWN, f"{found.host} is this machine itself.")

    def _refuse_address(self, address: IPAddress, host: str) -> None:
        if self._policy.allow_private:
            return
        literal = parse_address(host) is not None
        local = literal or host == "localhost"
        if self._policy.allow_loopback and local and is_loopback(address):
            return
        named = address.compressed if literal else f"{host} resolves to {address.compressed}, which"
        if host == "localhost":
            raise EgressRefused(Refusal.ADDRESS, f"{named} is not taken here.")
        if reason := why_not_public(address):
            raise EgressRefused(Refusal.ADDRESS, f"{named} is not a public address ({reason}).")
        if is_own_address(address):
            raise EgressRefused(Refusal.OWN, f"{named} is an address of this machine.")


def check_url(url: str, policy: EgressPolicy, resolver: Resolver | None = None) -> UrlCheck:
    """Whether a client under `policy` would fetch `url`, and why not. Resolves names; never connects.

    May be called with or without a running event loop; blocks for at most the resolver's deadline.
    """
    guard = Guard(policy, resolver)
    try:
        found = guard.destination(url)
        if found.address is not None:
            addresses: tuple[str, ...] = (found.address.compressed,)
        else:
            addresses = _admit_in_thread(guard, found)
    except EgressRefused as error:
        return UrlCheck(False, str(error))
    return UrlCheck(True, f"{found.scheme} to {found.shown} at {', '.join(addresses)}", addresses)


def _admit_in_thread(guard: Guard, found: Destination) -> tuple[str, ...]:
    """Run the look-up on an event loop of its own, so that callers inside a loop may use `check_url`."""
    outcome: list[tuple[str, ...] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(guard.admit(found.host, found.port)))
        except BaseException as error:  # handed to the caller's thread below
            outcome.append(error)

    thread = Thread(target=work, name="check-url")
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _allowed(entry: str) -> tuple[str, int]:
    """The host and port of one allow-list entry, spelt as `destination` spells them."""
    try:
        found = destination(f"http://{entry}")
    except UrlRefused as error:
        raise ValueError(f"{entry!r} is not a host:port to allow. {error}") from None
    if not entry.lower().endswith(f":{found.port}"):
        raise ValueError(f"{entry!r} is not a host:port to allow: the port is missing.")
    return found.host, found.port
