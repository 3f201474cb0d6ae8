from __future__ import annotations

import asyncio
import socket
import time

import pytest

from tests.verifier.client import refused
from tests.verifier.client.names import Forbidden, Names, Never
from verifier.client import egress
from verifier.client.egress import EgressPolicy, EgressRefused, Guard, NameUnresolved, Refusal, check_url

SERVER = EgressPolicy()
HOSTS = [*refused.IPV4_SPELLINGS, *refused.IPV4, *(f"[{address}]" for address in refused.IPV6)]
AS_URLS = [
    *(f"https://{host}/v1" for host in HOSTS),
    *(f"https://{host}" for host in HOSTS),
    *(f"https://{host}:8443/v1" for host in HOSTS),
    *(f"http://{host}/v1" for host in HOSTS),
    *HOSTS,
    *refused.PARSERS,
    *(f"https://8.8.8.8{port}/v1" for port in refused.PORTS),
    *(f"https://[2001:4860:4860::8888]{port}/v1" for port in refused.PORTS),
    *(f"https://api.example.com{port}/v1" for port in refused.PORTS),
    *refused.SCHEMES,
    *(f"https://{name}/v1" for name in refused.NAMES_BY_TEXT),
]


@pytest.mark.parametrize("url", AS_URLS, ids=[repr(url)[:80] for url in AS_URLS])
def test_what_an_attacker_writes_is_refused_by_its_text_alone(url: str) -> None:
    found = check_url(url, SERVER, Forbidden())

    assert not found.ok
    assert found.addresses == ()
    _is_one_sentence(found.reason)


@pytest.mark.parametrize("address", [*refused.IPV4, *refused.IPV6])
def test_a_name_that_resolves_to_a_special_address_is_refused(address: str) -> None:
    found = check_url("https://api.example.com/v1", SERVER, Names({"api.example.com": [address]}))

    assert not found.ok
    assert "api.example.com resolves to" in found.reason
    _is_one_sentence(found.reason)


@pytest.mark.parametrize("name", refused.NAMES_BY_ADDRESS)
def test_a_name_with_any_bad_answer_is_refused(name: str) -> None:
    found = check_url(f"https://{name}/v1", SERVER, Names(refused.NAMES_BY_ADDRESS))

    assert not found.ok
    _is_one_sentence(found.reason)


@pytest.mark.parametrize("url", refused.PASS)
def test_public_addresses_pass(url: str) -> None:
    found = check_url(url, SERVER, Forbidden())

    assert found.ok, found.reason
    assert len(found.addresses) == 1


def test_a_public_name_passes_with_its_addresses() -> None:
    names = Names({"api.example.com": ["2001:4860:4860::8888", "8.8.8.8", "8.8.8.8"]})

    found = check_url("https://api.example.com:8443/v1", SERVER, names)

    assert found.ok
    assert found.addresses == ("2001:4860:4860::8888", "8.8.8.8")
    assert names.asked == [("api.example.com", 8443)]
    assert "api.example.com:8443" in found.reason


def test_a_name_that_does_not_resolve_says_so() -> None:
    found = check_url("https://nowhere.example.com/v1", SERVER, Names({}))

    assert not found.ok
    assert found.reason == "The name nowhere.example.com does not resolve."


def test_a_resolver_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "RESOLVE_SECONDS", 0.1)
    began = time.monotonic()

    found = check_url("https://slow.example.com/v1", SERVER, Never())

    assert not found.ok
    assert "did not resolve within" in found.reason
    assert time.monotonic() - began < 1


def test_the_machines_own_name_and_addresses_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "gpu7.example.com")

    assert "this machine itself" in check_url("https://GPU7.example.com/v1", SERVER, Forbidden()).reason
    assert not check_url(f"https://{socket.gethostname().split('.')[0]}/v1", SERVER, Forbidden()).ok


def test_a_public_address_of_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "is_own_address", lambda address: str(address) == "8.8.8.8")

    assert check_url("https://8.8.8.8/v1", SERVER).reason == "8.8.8.8 is an address of this machine."
    assert not check_url("https://a.example.com/v1", SERVER, Names({"a.example.com": ["8.8.8.8"]})).ok
    assert check_url("https://8.8.4.4/v1", SERVER).ok


async def test_check_url_works_inside_an_event_loop() -> None:
    names = Names({"api.example.com": ["8.8.8.8"]})

    assert check_url("https://api.example.com/v1", SERVER, names).ok


class TestAllowList:
    POLICY = EgressPolicy(
        allow=frozenset({"127.0.0.1:8081", "[::1]:80", "gpu.internal:8000", "VLLM:6379", "10.0.0.1:443"})
    )

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8081/v1",
            "https://127.0.0.1:8081/v1",
            "http://[::1]/v1",
            "http://[0:0:0:0:0:0:0:1]:80/v1",
            "http://gpu.internal:8000/v1",
            "http://GPU.internal:8000/v1",
            "http://vllm:6379/v1",
            "https://10.0.0.1/v1",
        ],
    )
    def test_opens_exactly_its_host_and_port(self, url: str) -> None:
        names = Names({"gpu.internal": ["10.1.2.3"], "vllm": ["172.17.0.2"]})

        assert check_url(url, self.POLICY, names).ok

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8082/v1",
            "http://127.0.0.2:8081/v1",
            "http://127.1:8081/v1",
            "http://2130706433:8081/v1",
            "http://localhost:8081/v1",
            "http://[::ffff:127.0.0.1]:8081/v1",
            "http://a@127.0.0.1:8081/v1",
            "http://127.0.0.1:8081#@x/v1",
            "http://127.0.0.1:8081@8.8.8.8/v1",
            "https://[::1]/v1",
            "http://gpu.internal:8001/v1",
            "http://gpu.internal.:8000/v1",
            "http://x.gpu.internal:8000/v1",
            "ftp://127.0.0.1:8081/v1",
            "http://8.8.8.8:8081/v1",
        ],
    )
    def test_opens_nothing_else(self, url: str) -> None:
        assert not check_url(url, self.POLICY, Forbidden()).ok

    @pytest.mark.parametrize(
        "entry",
        ["", "127.0.0.1", "gpu.internal", "http://a:80", "a:80/v1", "a:0", "a:b", "127.1:80", "*:80", ":80"],
    )
    def test_an_entry_that_is_no_host_and_port_is_an_error_of_the_operator(self, entry: str) -> None:
        with pytest.raises(ValueError, match="is not a host:port to allow"):
            EgressPolicy(allow=frozenset({entry}))


class TestCommandLine:
    LOOPBACK = EgressPolicy(allow_loopback=True)
    PRIVATE = EgressPolicy(allow_private=True)
    NAMES = Names({"localhost": ["::1", "127.0.0.1"], "localtest.me": ["127.0.0.1"], "gpu": ["192.168.0.9"]})

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1:8081/v1", "http://127.9.9.9:8081", "http://[::1]:8081/v1", "http://localhost:8081/v1",
         "https://localhost:8081/v1", "https://8.8.8.8/v1"],
    )  # fmt: skip
    def test_loopback_opens_true_loopback(self, url: str) -> None:
        assert check_url(url, self.LOOPBACK, self.NAMES).ok

    @pytest.mark.parametrize(
        "url",
        ["http://127.1:8081/v1", "http://localtest.me:8081/v1", "https://localtest.me/v1", "http://8.8.8.8/v1",
         "http://[::ffff:127.0.0.1]:8081/v1", "http://[::127.0.0.1]:8081/v1", "http://192.168.0.9:8081/v1",
         "http://0.0.0.0:8081/v1", "http://a.localhost:8081/v1", "http://127.0.0.1:6379/v1", "http://gpu:8000/v1"],
    )  # fmt: skip
    def test_loopback_opens_nothing_else(self, url: str) -> None:
        assert not check_url(url, self.LOOPBACK, self.NAMES).ok

    def test_a_localhost_that_is_elsewhere_is_refused(self) -> None:
        names = Names({"localhost": ["127.0.0.1", "8.8.8.8"]})

        assert not check_url("http://localhost:8081/v1", self.LOOPBACK, names).ok

    @pytest.mark.parametrize(
        "url",
        ["http://192.168.0.9:8000/v1", "http://gpu:8000/v1", "http://8.8.8.8/v1", "http://localhost:8000"],
    )
    def test_private_opens_every_address(self, url: str) -> None:
        assert check_url(url, self.PRIVATE, self.NAMES).ok

    @pytest.mark.parametrize(
        "url", ["http://127.1:8081/v1", "http://a@192.168.0.9/v1", "http://192.168.0.9:22/v1"]
    )
    def test_private_still_takes_no_ambiguous_url_and_no_service_port(self, url: str) -> None:
        assert not check_url(url, self.PRIVATE, self.NAMES).ok


class TestSequences:
    async def test_public_at_submission_and_private_at_run(self) -> None:
        names = Names({"api.example.com": [["8.8.8.8"], ["127.0.0.1"]]})
        guard = Guard(SERVER, names)

        assert check_url("https://api.example.com/v1", SERVER, names).ok
        with pytest.raises(EgressRefused, match=r"resolves to 127\.0\.0\.1"):
            await guard.admit("api.example.com", 443)

    async def test_an_empty_answer_is_no_address(self) -> None:
        with pytest.raises(NameUnresolved, match="has no address"):
            await Guard(SERVER, Names({"api.example.com": []})).admit("api.example.com", 443)

    async def test_a_literal_is_judged_again_without_a_resolver(self) -> None:
        with pytest.raises(EgressRefused, match="not a public address"):
            await Guard(SERVER, Forbidden()).admit("127.0.0.1", 443)

    async def test_cancelling_a_look_up_cancels_it(self) -> None:
        task = asyncio.create_task(Guard(SERVER, Never()).admit("slow.example.com", 443))
        await asyncio.sleep(0)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://a@8.8.8.8/v1", Refusal.URL),
        ("https://8.8.8.8:22/v1", Refusal.PORT),
        ("http://8.8.8.8/v1", Refusal.SCHEME),
        ("https://gpu/v1", Refusal.NAME),
        ("https://gpu.internal/v1", Refusal.NAME),
        ("https://10.0.0.1/v1", Refusal.ADDRESS),
        ("https://private.example.com/v1", Refusal.ADDRESS),
        ("https://own.example.com/v1", Refusal.OWN),
        ("https://nowhere.example.com/v1", Refusal.UNRESOLVED),
        ("https://public.example.com/v1", None),
    ],
)
def test_each_refusal_is_told_once_with_its_reason(
    url: str, reason: Refusal | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "is_own_address", lambda address: str(address) == "8.8.4.4")
    told: list[Refusal] = []
    answers = {"private": "192.168.0.1", "own": "8.8.4.4", "public": "8.8.8.8"}
    names = Names({f"{name}.example.com": [address] for name, address in answers.items()})

    check_url(url, EgressPolicy(on_refused=told.append), names)

    assert told == ([] if reason is None else [reason])


def _is_one_sentence(reason: str) -> None:
    assert reason
    assert reason.isprintable()
    assert reason.endswith(".")
    assert len(reason) < 400
