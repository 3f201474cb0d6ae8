"""The one door to the network. No other module imports httpx or httpcore.

httpx's URL parser decides what a URL says; httpcore's connection pool (httpx's own engine) speaks HTTP.
The pool is used directly because it takes a network backend as a public argument, and because all that
httpx adds on top (redirects, cookies, proxies from the environment, content decoding, logging of
headers a provider may echo a key in) is what must not happen here.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Protocol

import certifi
import httpcore
import httpx

from verifier.checks.base import Fault
from verifier.client.faults import Failure, malformed
from verifier.client.limits import Limits

MAX_ADDRESSES = 4
KEEP_ALIVE_SECONDS = 15.0

# At DEBUG httpcore logs response headers, in which a provider may echo the key.
logging.getLogger("httpcore").setLevel(logging.INFO)


class UrlInvalid(ValueError):
    """httpx cannot read the URL."""


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A URL as httpx reads it. `port` is None where it is the scheme's default; IPv6 without brackets."""

    scheme: str
    host: str
    port: int | None


@lru_cache(maxsize=256)
def split_url(url: str) -> UrlParts:
    """What httpx reads in a URL.

    Raises:
        UrlInvalid: it reads nothing.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlInvalid(str(error)) from None
    return UrlParts(parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port)


class Admission(Protocol):
    """What the transport needs of the egress guard."""

    async def admit(self, host: str, port: int) -> tuple[str, ...]: ...


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections only to addresses the guard has just admitted.

    The name is resolved once, by the guard, and the address it returned is dialled; TLS still speaks to
    the name, because httpcore takes the server name from the URL.
    """

    def __init__(self, guard: Admission, connect_seconds: float) -> None:
        self._guard = guard
        self._connect_seconds = connect_seconds
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._guard.admit(host, port)
        failure: Exception | None = None
        for address in addresses[:MAX_ADDRESSES]:
            try:
                stream = await self._network.connect_tcp(address, port, timeout=self._connect_seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            await _require_peer(stream, address)
            return stream
        raise failure or httpcore.ConnectError("no address")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("Unix sockets are never connected to")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _require_peer(stream: httpcore.AsyncNetworkStream, address: str) -> None:
    """Close and refuse a connection that did not end where it was sent."""
    peer = stream.get_extra_info("server_addr")
    if not peer or ip_address(str(peer[0])) != ip_address(address):
        await stream.aclose()
        raise Failure(Fault.EGRESS_REFUSED, f"The connection did not end at {address}, where it was sent.")


class Reply:
    """An answer whose status and headers have arrived. `body` yields raw bytes, capped."""

    def __init__(self, response: httpcore.Response, max_bytes: int) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
        }
        self._response = response
        self._max_bytes = max_bytes

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The raw body, piece by piece.

        Raises:
            Failure: it is encoded, larger than the limit, or broken off.
        """
        self._refuse_encoding()
        limit = f"The answer is larger than {self._max_bytes // 2**20} MB; it was not read further."
        length = self.headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 15 or int(length) > self._max_bytes):
            raise Failure(Fault.TOO_LARGE, limit)
        received = 0
        try:
            async for chunk in self._response.aiter_stream():
                received += len(chunk)
                if received > self._max_bytes:
                    raise Failure(Fault.TOO_LARGE, limit)
                yield chunk
        except httpcore.RemoteProtocolError as error:
            if "without sending complete message body" in str(error):
                raise Failure(Fault.TRUNCATED, "The server closed the connection in mid-answer.") from None
            raise malformed(f"The body breaks HTTP: {error}.") from None
        except (httpcore.NetworkError, httpcore.TimeoutException):
            raise Failure(Fault.TRUNCATED, "The connection broke in mid-answer.") from None

    def _refuse_encoding(self) -> None:
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            raise malformed(f"The answer is encoded as {encoding!r} although only identity was accepted.")


class Connections:
    """Lends connections, each to one request at a time, and keeps those that may serve another.

    httpcore's own pool looks at every connection and every waiting request whenever one of them changes,
    which costs more than the requests themselves at a concurrency of 64. The client bounds how many are in
    use.
    """

    def __init__(self, guard: Admission, connect_seconds: float, tls: ssl.SSLContext) -> None:
        self._backend = GuardedBackend(guard, connect_seconds)
        self._tls = tls
        self._idle: list[httpcore.AsyncHTTPConnection] = []
        self._lent: set[httpcore.AsyncHTTPConnection] = set()

    @asynccontextmanager
    async def one(self, origin: httpcore.Origin) -> AsyncIterator[httpcore.AsyncHTTPConnection]:
        """A connection to `origin`, the last one used if it is still open, else one to be opened."""
        connection = await self._kept(origin) or httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._tls,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=self._backend,
        )
        self._lent.add(connection)
        try:
            yield connection
        finally:
            self._lent.discard(connection)
            if connection.is_idle() and not connection.is_closed():
                self._idle.append(connection)
            else:
                await connection.aclose()

    async def _kept(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.can_handle_request(origin) and not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in [*self._idle, *self._lent]:
            await connection.aclose()
        self._idle.clear()


class Transport:
    """Connections to one endpoint, kept alive between requests; every new one passes the guard."""

    def __init__(self, guard: Admission, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits
        self._connections = Connections(guard, limits.connect, tls or tls_context())

    async def aclose(self) -> None:
        await self._connections.aclose()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AbstractAsyncContextManager[Reply]:
        """Send `body`, as `_send` does."""
        return self._send("POST", url, {**headers, "Content-Length": str(len(body))}, body)

    def get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Reply]:
        """Ask for a document, as `_send` does."""
        return self._send("GET", url, headers, None)

    @asynccontextmanager
    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[Reply]:
        """Send a request and give the reply as soon as its headers are there.

        `url` has passed the guard's `destination`. Nothing here ends a slow exchange but the connect
        limit: the caller holds the deadline.

        Raises:
            EgressRefused: from the guard, before anything is sent.
            Failure: no reply.
        """
        address, netloc = _address(url)
        connected = False

        async def trace(event: str, info: dict[str, Any]) -> None:
            nonlocal connected
            connected = connected or event == "connection.connect_tcp.started"

        request = httpcore.Request(
            method,
            address,
            headers={
                b"Host": netloc,
                b"Accept-Encoding": b"identity",
                # What an ordinary client of this library sends: endpoints should not know they are measured.
                b"User-Agent": f"python-httpx/{httpx.__version__}".encode(),
                **{name.encode(): value.encode() for name, value in headers.items()},
            },
            content=body,
            extensions={"timeout": {"connect": self._limits.connect}, "trace": trace},
        )
        async with self._connections.one(request.url.origin) as connection:
            try:
                response = await connection.handle_async_request(request)
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
                raise _no_reply(error, reused=not connected) from None
            try:
                yield Reply(response, self._limits.max_bytes)
            finally:
                await response.aclose()


@lru_cache(maxsize=256)
def _address(url: str) -> tuple[httpcore.URL, bytes]:
    """A URL as httpcore takes it, and what its Host header says."""
    parsed = httpx.URL(url)
    address = httpcore.URL(
        scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
    )
    return address, parsed.netloc


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 or later against certifi's authorities; takes nothing from the environment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    return context


_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


def _no_reply(error: Exception, *, reused: bool) -> Failure:
    """The failure of a request that got no status."""
    if isinstance(error, httpcore.LocalProtocolError):
        return Failure(
            Fault.INTERNAL, "The request cannot be sent: a header holds characters HTTP does not take."
        )
    if isinstance(error, httpcore.ConnectTimeout | httpcore.PoolTimeout):
        return Failure(Fault.UNREACHABLE, "The connection was not established in time.", transient=True)
    if isinstance(error, httpcore.ConnectError):
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure(Fault.UNREACHABLE, f"The certificate is not valid: {cause.verify_message}.")
        if isinstance(cause, ssl.SSLError):
            return Failure(Fault.UNREACHABLE, f"TLS failed: {cause.reason or cause}.")
        reason = _ERRNO.sub("", str(error)) or "the connection failed"
        return Failure(Fault.UNREACHABLE, f"No connection: {reason}.", transient=True)
    closed = "disconnected without sending a response" in str(error)
    if isinstance(error, httpcore.RemoteProtocolError) and not closed:
        return Failure(Fault.MALFORMED, f"The server does not speak HTTP: {error}.", stale=reused)
    return Failure(
        Fault.UNREACHABLE, "The server closed the connection without an answer.", transient=True, stale=reused
    )
