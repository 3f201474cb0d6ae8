from __future__ import annotations

import re
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.checks.base import Fault
from verifier.client.faults import Failure
from verifier.client.sse import EventSplitter


def events(*chunks: bytes, limit: int = 2**20) -> list[bytes]:
    splitter = EventSplitter(limit)
    found = [data for chunk in chunks for data in splitter.feed(chunk)]
    return found + list(splitter.finish())


def by_the_book(stream: bytes) -> list[bytes]:
    """The standard's algorithm on the whole stream at once, with the last event kept."""
    found = []
    data: list[bytes] = []
    for line in [*re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf")), b""]:
        if not line:
            if data:
                found.append(b"\n".join(data))
            data = []
            continue
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
    return found


PIECES = st.sampled_from(
    [b"data: ", b"data:", b"data", b": ping", b"event: x", b"id: 1", b"\n", b"\r", b"\r\n", b"\n\n",
     b"\r\n\r\n", b"{}", b" ", b"[DONE]", "\u2028".encode(), "\u0085".encode(), b"\x0b", b"\x0c", b"\x1c",
     b"\xff", b"\xef\xbb\xbf"]
)  # fmt: skip
STREAMS = st.lists(PIECES, max_size=40).map(b"".join)


@given(STREAMS, st.data())
def test_the_same_events_however_the_bytes_are_cut(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    edges = [0, *cuts, len(stream)]

    assert events(*(stream[a:b] for a, b in pairwise(edges))) == by_the_book(stream)


@given(STREAMS)
def test_the_same_events_byte_by_byte(stream: bytes) -> None:
    assert events(*(stream[i : i + 1] for i in range(len(stream)))) == by_the_book(stream)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_only_cr_and_lf_end_lines(end: bytes) -> None:
    separators = "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg".encode()

    assert events(b"data: " + separators + end + end) == [separators]


def test_several_data_lines_are_one_event() -> None:
    assert events(b"event: x\ndata: a\n: ping\ndata:b\ndata\n\n") == [b"a\nb\n"]


def test_an_event_without_data_is_none() -> None:
    assert events(b"event: ping\nid: 1\n\n: hello\n\n\n\n") == []


@pytest.mark.parametrize("chunk", [b"x" * 100, b"data: " + b"y" * 90, b"data: 1\n"])
def test_lines_and_events_are_bounded(chunk: bytes) -> None:
    splitter = EventSplitter(1000)

    with pytest.raises(Failure) as refused:
        list(chain.from_iterable(splitter.feed(chunk) for _ in range(1000)))

    assert refused.value.fault is Fault.TOO_LARGE
