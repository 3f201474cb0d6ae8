"""What a token *is*: its bytes, whatever spelling the server chose.

Servers name tokens by their bytes, by decoded text, or by the raw vocabulary entry, whose marks
(`Ġ`, `▁`, `<0x0A>`) would otherwise make two servers of one model disagree about every token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_TOKEN_ID = re.compile(r"token_id:\d+")


def _gpt2_alphabet() -> dict[str, int]:
    """The GPT-2 byte alphabet (`bytes_to_unicode` of openai/gpt-2, encoder.py), character to byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_GPT2 = _gpt2_alphabet()
_SPACE, _NEWLINE = "Ġ", "Ċ"


def is_byte_level(tokens: Iterable[str]) -> bool:
    """Whether token strings of one answer are clearly spelt in the GPT-2 byte alphabet.

    Its letters are also letters of Polish, Turkish or Maltese, so one token proves little. A decoded
    answer shows a real space, newline or other character outside the alphabet; a byte-level one never
    does, and shows a marked space or newline instead.
    """
    marked = False
    for token in tokens:
        if _TOKEN_ID.fullmatch(token):
            return False
        if any(character not in _GPT2 for character in token):
            return False
        marked = marked or _SPACE in token or _NEWLINE in token
    return marked


def token_bytes(token: str, *, byte_level: bool) -> bytes:
    """A token's bytes from its string, for servers that do not send them.

    `token_id:123` (vLLM's `return_tokens_as_token_ids`) is kept literally.
    """
    if _TOKEN_ID.fullmatch(token):
        return token.encode()
    if match := _BYTE_TOKEN.fullmatch(token):
        return bytes.fromhex(match[1])
    if byte_level:
        return bytes(_GPT2[character] for character in token)
    return token.replace("▁", " ").encode("utf-8", errors="replace")
