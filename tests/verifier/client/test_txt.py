from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Thread

import dns.message
import dns.rcode
import dns.rrset
import pytest

from verifier.client.txt import DnsTxt

NAME = "_assay.api.example.org"


@contextmanager
def serving(address: str, port: int, records: Mapping[str, list[str]] | None) -> Iterator[int]:
    """A real name server on this machine. None: it refuses everything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, port))

        def serve() -> None:
            while True:
                try:
                    data, client = server.recvfrom(4096)
                except OSError:
                    return
                if data == b"end":
                    return
                question = dns.message.from_wire(data)
                answer = dns.message.make_response(question)
                name = question.question[0].name.to_text(omit_final_dot=True)
                if records is None:
                    answer.set_rcode(dns.rcode.REFUSED)
                elif name not in records:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                elif records[name]:
                    answer.answer.append(
                        dns.rrset.from_text_list(name + ".", 60, "IN", "TXT", list(records[name]))
                    )
                server.sendto(answer.to_wire(), client)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"end", server.getsockname())
            thread.join()


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ({NAME: ['"assay-proof=x"']}, ["assay-proof=x"]),
        ({NAME: ['"assay-" "proof=x"', '"v=spf1 -all"']}, ["assay-proof=x", "v=spf1 -all"]),
        ({NAME: []}, []),
        ({}, []),
    ],
)
async def test_the_texts_of_a_name(records: Mapping[str, list[str]], found: list[str]) -> None:
    with serving("127.0.0.1", 0, records) as port:
        assert sorted(await DnsTxt(["127.0.0.1"], port).records(NAME)) == sorted(found)


async def test_what_one_resolver_alone_sees_does_not_count() -> None:
    with ExitStack() as stack:
        port = stack.enter_context(serving("127.0.0.1", 0, {NAME: ['"assay-proof=x"', '"both"']}))
        stack.enter_context(serving("127.0.0.2", port, {NAME: ['"both"']}))
        assert await DnsTxt(["127.0.0.1", "127.0.0.2"], port).records(NAME) == ["both"]


async def test_nobody_to_ask_is_no_answer() -> None:
    with serving("127.0.0.1", 0, None) as port, pytest.raises(OSError, match="did not answer"):
        await DnsTxt(["127.0.0.1"], port).records(NAME)
