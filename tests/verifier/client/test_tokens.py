from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.client.tokens import is_byte_level, token_bytes


def gpt2(data: bytes) -> str:
    """`bytes_to_unicode` of openai/gpt-2 (encoder.py), as written there."""
    known = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = known[:]
    n = 0
    for byte in range(2**8):
        if byte not in known:
            known.append(byte)
            letters.append(2**8 + n)
            n += 1
    table = dict(zip(known, map(chr, letters), strict=True))
    return "".join(table[byte] for byte in data)


@given(st.binary(min_size=1))
def test_the_whole_byte_alphabet_is_undone(data: bytes) -> None:
    assert token_bytes(gpt2(data), byte_level=True) == data


@given(st.lists(st.binary(min_size=1), min_size=1))
def test_byte_level_tokens_are_known_by_a_marked_space(tokens: list[bytes]) -> None:
    assert is_byte_level(map(gpt2, [*tokens, b" the"]))


@given(st.lists(st.text(min_size=1)))
def test_decoded_tokens_are_known_by_a_real_space(tokens: list[str]) -> None:
    assert not is_byte_level([*tokens, " the"])


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        ["the"],
        ["ł"],
        ["zażółć"],
        ["ğ"],
        ["é", "ü"],
        ["Ġthe", " the"],
        ["Ġthe", "中"],
        ["token_id:5", "Ġ"],
    ],
)
def test_without_clear_marks_tokens_are_text(tokens: list[str]) -> None:
    assert not is_byte_level(tokens)


@pytest.mark.parametrize(
    ("token", "identity"),
    [("▁Paris", b" Paris"), ("▁▁", b"  "), ("<0x0A>", b"\n"), ("<0xe2>", b"\xe2"), ("<0x0A>x", b"<0x0A>x"),
     ("token_id:123", b"token_id:123"), ("é", "é".encode()), ("Ġ", "Ġ".encode()), ("", b"")],
)  # fmt: skip
def test_marks_of_other_tokenizers(token: str, identity: bytes) -> None:
    assert token_bytes(token, byte_level=False) == identity


@given(st.text(), st.booleans())
def test_any_string_has_an_identity(token: str, others_marked: bool) -> None:
    byte_level = is_byte_level([token, "Ġthe"] if others_marked else [token])

    assert isinstance(token_bytes(token, byte_level=byte_level), bytes)
