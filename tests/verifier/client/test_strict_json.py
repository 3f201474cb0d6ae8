from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.client.strict_json import (
    MAX_CONTAINERS,
    MAX_DEPTH,
    JsonRefused,
    JsonTooLarge,
    clean_text,
    loads,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii", exclude_characters="\x00")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_means_is_read(value: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.text(alphabet='{}[]":,\\ue0123456789.-+NaInfity tru fals \n').map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(JsonRefused):
        loads(data)


@pytest.mark.parametrize(
    "text",
    ["NaN", "-Infinity", "[Infinity]", "1e999", "-1e999", '{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', "[1,]",
     "{'a':1}", "", " ", "01", "+1", "1.", ".5", "0x10", "1_000", "tru", '"\x01"', '"\n"', "[1] [2]",
     "9" * 41, "-" + "9" * 5000, "[" * 100_000, "[" * 65 + "]" * 65, '{"a":' * 65 + "1" + "}" * 65,
     '"\\x41"', "//", "\ufeff{}"],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_what_is_not_strict_json_is_refused(text: str) -> None:
    with pytest.raises(JsonRefused):
        loads(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1", "cp037"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(JsonRefused):
        loads(json.dumps({"a": "é"}, ensure_ascii=False).encode(encoding))


@pytest.mark.parametrize(
    "data",
    [b"\xc0\x80", b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"', b'"\xff"'],
    ids=["overlong", "surrogate", "beyond", "ff"],
)
def test_false_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(JsonRefused):
        loads(data)


def test_the_deepest_allowed_nesting() -> None:
    value: Any = loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"{}," * MAX_CONTAINERS + b"{}]",
        b"[" + b"0," * 500_001 + b"0]",
        ('"' + "a" * 2**22 + '\U0001f600"').encode(),
    ],
    ids=["containers", "values", "memory"],
)
def test_what_would_take_too_much_memory_is_too_large(data: bytes) -> None:
    with pytest.raises(JsonTooLarge):
        loads(data)


def test_what_no_database_stores_is_replaced() -> None:
    document = b'{"a\\u0000":["\\ud83d x","\\u0000",{"b":"\\ude00"}],"ok":"\\ud83d\\ude00"}'

    assert loads(document) == {"a�": ["� x", "�", {"b": "�"}], "ok": "😀"}


@given(st.text())
def test_cleaned_text_can_be_stored(text: str) -> None:
    cleaned = clean_text(text)

    assert cleaned.encode("utf-8").decode() == cleaned
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)
