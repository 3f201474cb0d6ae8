from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import pytest
import trustme

from tests.verifier.client.asking import KEY, QUICK, asking, chat_probe, client
from tests.verifier.client.behaviours import BEHAVIOURS
from tests.verifier.client.hostile import Server, chat, reply, serving, status
from tests.verifier.client.names import Forbidden, Names
from verifier.checks.base import Fault, Observation
from verifier.client.egress import EgressPolicy, Guard
from verifier.client.faults import Failure
from verifier.client.http import GuardedBackend, UrlInvalid, _require_peer, split_url, tls_context
from verifier.client.resolver import Resolver
from verifier.client.session import Client, Surroundings
from verifier.client.target import Target

GOOD = BEHAVIOURS["answers"]
CLOSING = reply(chat(), headers={"Connection": "close"})


async def ask_url(
    base_url: str,
    policy: EgressPolicy,
    resolver: Resolver | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    limits: Mapping[str, Any] | None = None,
) -> Observation:
    async with Client(
        Target(base_url, "a-model", KEY),
        policy=policy,
        limits=replace(QUICK, **(limits or {})),
        surroundings=Surroundings(resolver=resolver, tls=tls),
    ) as asked:
        return await asked.ask(chat_probe())


class TestWhereItConnects:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
    async def test_loopback_is_refused_by_default_with_no_connection(self, host: str) -> None:
        async with serving(GOOD) as server:
            observation = await ask_url(f"http://{host}:{server.port}/v1", EgressPolicy())

        assert observation.fault is Fault.EGRESS_REFUSED
        assert observation.attempts == 0
        assert server.connections == 0

    async def test_a_public_name_that_leads_to_loopback_is_refused_with_no_connection(self) -> None:
        async with serving(GOOD) as server:
            for answers in (["127.0.0.1"], ["8.8.8.8", "::1"], ["::1", "8.8.8.8"]):
                observation = await ask_url(
                    f"https://api.example.com:{server.port}/v1",
                    EgressPolicy(),
                    Names({"api.example.com": answers}),
                )
                assert observation.fault is Fault.EGRESS_REFUSED
                assert "api.example.com resolves to" in observation.detail

        assert server.connections == 0

    async def test_a_name_is_resolved_once_and_its_address_dialled(self) -> None:
        async with serving(GOOD) as server:
            names = Names({"gpu.example.com": ["127.0.0.1"]})
            policy = EgressPolicy(allow=frozenset({f"gpu.example.com:{server.port}"}))
            observation = await ask_url(f"http://gpu.example.com:{server.port}/v1", policy, names)

        assert observation.ok
        assert names.asked == [("gpu.example.com", server.port)]
        assert server.requests[0].headers["host"] == f"gpu.example.com:{server.port}"

    async def test_the_next_address_is_tried_when_one_does_not_answer(self) -> None:
        async with serving(GOOD, host="127.0.0.3") as server:
            names = Names({"gpu.example.com": ["127.0.0.2", "127.0.0.3"]})
            policy = EgressPolicy(allow=frozenset({f"gpu.example.com:{server.port}"}))
            observation = await ask_url(f"http://gpu.example.com:{server.port}/v1", policy, names)

        assert observation.ok
        assert observation.attempts == 1

    async def test_every_new_connection_passes_the_guard_again(self) -> None:
        names = Names({"localhost": [["127.0.0.1"], ["10.0.0.1"]]})
        async with (
            serving(CLOSING) as server,
            Client(
                Target(f"http://localhost:{server.port}/v1", "a-model"),
                policy=EgressPolicy(allow_loopback=True),
                limits=QUICK,
                surroundings=Surroundings(resolver=names),
            ) as asked,
        ):
            first, second = await asked.ask(chat_probe()), await asked.ask(chat_probe())

        assert first.ok
        assert second.fault is Fault.EGRESS_REFUSED
        assert server.connections == 1

    async def test_a_kept_alive_connection_stays_where_it_was_checked(self) -> None:
        names = Names({"localhost": [["127.0.0.1"], ["10.0.0.1"]]})
        async with (
            serving(GOOD) as server,
            Client(
                Target(f"http://localhost:{server.port}/v1", "a-model"),
                policy=EgressPolicy(allow_loopback=True),
                limits=QUICK,
                surroundings=Surroundings(resolver=names),
            ) as asked,
        ):
            assert [(await asked.ask(chat_probe())).ok for _ in range(3)] == [True] * 3

        assert server.connections == len(names.asked) == 1

    async def test_a_name_that_does_not_resolve_is_unreachable(self) -> None:
        observation = await ask_url("https://gone.example.com/v1", EgressPolicy(), Names({}))

        assert observation.fault is Fault.UNREACHABLE
        assert observation.detail == "The name gone.example.com does not resolve."
        assert observation.attempts == 1 + QUICK.retries

    async def test_a_closed_port_is_unreachable(self) -> None:
        async with serving(GOOD) as server:
            pass
        observation = await ask_url(server.base_url, EgressPolicy(allow=frozenset({server.address})))

        assert observation.fault is Fault.UNREACHABLE
        assert observation.attempts == 1 + QUICK.retries

    async def test_an_ipv6_literal_in_any_spelling_is_the_allowed_one(self) -> None:
        async with serving(GOOD, host="::1") as server:
            policy = EgressPolicy(allow=frozenset({f"[::1]:{server.port}"}))
            observation = await ask_url(f"http://[0:0:0:0:0:0:0:1]:{server.port}/v1", policy, Forbidden())

        assert observation.ok

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    async def test_redirects_are_not_followed(self, code: int) -> None:
        async with (
            serving(GOOD) as elsewhere,
            serving(status(code, Location=elsewhere.base_url)) as server,
            client(server) as asked,
        ):
            observation = await asked.ask(chat_probe())

        assert observation.fault is Fault.REJECTED
        assert f"HTTP {code} redirects to {elsewhere.base_url}" in observation.detail
        assert elsewhere.connections == 0
        assert len(server.requests) == 1

    async def test_proxies_in_the_environment_are_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with serving(GOOD) as proxy, serving(GOOD) as server:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://{proxy.address}")
                monkeypatch.setenv(name.lower(), f"http://{proxy.address}")
            monkeypatch.setenv("NO_PROXY", "")
            async with client(server) as asked:
                assert (await asked.ask(chat_probe())).ok

        assert proxy.connections == 0

    async def test_unix_sockets_are_never_connected_to(self) -> None:
        with pytest.raises(httpcore.ConnectError):
            await GuardedBackend(Guard(EgressPolicy(allow_private=True)), 1.0).connect_unix_socket(
                "/run/x.sock"
            )

    async def test_a_connection_that_ended_elsewhere_is_closed_and_refused(self) -> None:
        stream = _Elsewhere()

        with pytest.raises(Failure) as refused:
            await _require_peer(stream, "8.8.8.8")

        assert refused.value.fault is Fault.EGRESS_REFUSED
        assert stream.closed


class _Elsewhere(httpcore.AsyncNetworkStream):
    closed = False

    def get_extra_info(self, info: str) -> Any:
        return ("10.0.0.1", 443)

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = tls_context()
    authority.configure_trust(context)
    return context


class TestTls:
    NAME = "api.example.com"

    async def test_certificate_sni_and_host_are_the_names_not_the_addresss(
        self, authority: trustme.CA, trusting: ssl.SSLContext
    ) -> None:
        async with _tls_server(authority.issue_cert(self.NAME)) as (server, asked_for):
            observation = await self._ask(server, trusting)

        assert observation.ok, observation.detail
        assert asked_for == [self.NAME]
        assert server.requests[0].headers["host"] == f"{self.NAME}:{server.port}"

    async def test_an_address_needs_a_certificate_for_the_address(
        self, authority: trustme.CA, trusting: ssl.SSLContext
    ) -> None:
        async with _tls_server(authority.issue_cert("127.0.0.1")) as (server, asked_for):
            policy = EgressPolicy(allow=frozenset({server.address}))
            observation = await ask_url(f"https://{server.address}/v1", policy, tls=trusting)

        assert observation.ok, observation.detail
        assert asked_for == [None]

    async def test_a_certificate_for_another_name_is_refused(
        self, authority: trustme.CA, trusting: ssl.SSLContext
    ) -> None:
        async with _tls_server(authority.issue_cert("evil.example.com", "127.0.0.1")) as (server, _):
            observation = await self._ask(server, trusting)

        self._is_a_certificate_failure(observation, server)
        assert "Hostname mismatch" in observation.detail

    async def test_an_unknown_authority_is_refused(self, trusting: ssl.SSLContext) -> None:
        async with _tls_server(trustme.CA().issue_cert(self.NAME)) as (server, _):
            observation = await self._ask(server, trusting)

        self._is_a_certificate_failure(observation, server)

    async def test_an_expired_certificate_is_refused(
        self, authority: trustme.CA, trusting: ssl.SSLContext
    ) -> None:
        expired = authority.issue_cert(self.NAME, not_after=datetime.now(UTC) - timedelta(days=1))
        async with _tls_server(expired) as (server, _):
            observation = await self._ask(server, trusting)

        self._is_a_certificate_failure(observation, server)
        assert "expired" in observation.detail

    async def test_the_authorities_are_certifis_whatever_the_environment_says(
        self, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with authority.cert_pem.tempfile() as trusted:
            monkeypatch.setenv("SSL_CERT_FILE", trusted)
            async with _tls_server(authority.issue_cert(self.NAME)) as (server, _):
                observation = await self._ask(server, None)

        self._is_a_certificate_failure(observation, server)

    async def test_a_server_without_tls_is_unreachable_over_https(self, trusting: ssl.SSLContext) -> None:
        async with serving(BEHAVIOURS["silent"]) as server:
            observation = await self._ask(server, trusting, connect=0.1, retries=0)

        assert observation.fault is Fault.UNREACHABLE
        assert observation.detail == "The connection was not established in time."

    async def _ask(self, server: Server, tls: ssl.SSLContext | None, **limits: Any) -> Observation:
        policy = EgressPolicy(allow=frozenset({f"{self.NAME}:{server.port}"}))
        names = Names({self.NAME: ["127.0.0.1"]})
        return await ask_url(f"https://{self.NAME}:{server.port}/v1", policy, names, tls=tls, limits=limits)

    def _is_a_certificate_failure(self, observation: Observation, server: Server) -> None:
        assert observation.fault is Fault.UNREACHABLE
        assert observation.detail.startswith("The certificate is not valid: ")
        assert observation.attempts == 1
        assert server.requests == []


@asynccontextmanager
async def _tls_server(certificate: trustme.LeafCert) -> AsyncIterator[tuple[Server, list[str | None]]]:
    """A good server with the certificate, and the server names clients ask it for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    asked_for: list[str | None] = []
    context.sni_callback = lambda connection, name, around: asked_for.append(name)
    async with serving(GOOD, tls=context) as server:
        yield server, asked_for


@pytest.fixture
def all_logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.parametrize("name", [name for name in BEHAVIOURS if name.startswith("echoes-key")])
async def test_no_key_reaches_the_log(name: str, all_logs: pytest.LogCaptureFixture) -> None:
    async with asking(BEHAVIOURS[name]) as (asked, _):
        await asked.ask(chat_probe(stream="stream" in name))

    assert "CANARY" not in all_logs.text


async def test_connections_are_bounded_by_the_concurrency() -> None:
    limits = replace(QUICK, concurrency=2)
    async with serving(GOOD) as server, client(server, limits=limits) as asked:
        for _ in range(5):
            assert (await asked.ask(chat_probe())).ok

    assert server.connections == 1


@pytest.mark.parametrize("url", ["https://[::1", "https://1.2.3.400/", "https://a:b:c/", "https://a\x00/"])
def test_what_httpx_cannot_read_is_invalid(url: str) -> None:
    with pytest.raises(UrlInvalid):
        split_url(url)
