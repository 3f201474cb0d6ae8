"""The token names of a model file, read at once: a server process cannot wait for all of the metadata.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3, little-endian). Ordinary tokens
are spelt in the GPT-2 byte alphabet (`bytes_to_unicode` of openai/gpt-2, encoder.py); control tokens such as
`<|im_end|>` have a name and no text.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_TOKENS = "tokenizer.ggml.tokens"
_KINDS = "tokenizer.ggml.token_type"
_ORDINARY = 1
_STRING, _ARRAY = 8, 9
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def _alphabet() -> dict[int, str]:
    """Byte to its character: itself where it prints, else the next one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


_CHARACTERS = _alphabet()
_BYTES = {character: byte for byte, character in _CHARACTERS.items()}


def spell(data: bytes) -> str:
    """Bytes in the GPT-2 byte alphabet: a space is `Ġ`, a line feed `Ċ`."""
    return "".join(_CHARACTERS[byte] for byte in data)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Token names by id, and the ids of those that have no text."""

    names: tuple[str, ...]
    silent: frozenset[int]

    def text(self, token: int) -> bytes:
        """What a token adds to the text: often whole words, sometimes half a character, sometimes nothing."""
        if token in self.silent:
            return b""
        return bytes(_BYTES[character] for character in self.names[token])


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of a model file.

    Raises:
        ValueError: the file is no GGUF file, or names no tokens.
    """
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError(f"{path} is not a GGUF file")
        _, _, count = struct.unpack("<IQQ", file.read(20))
        names: tuple[str, ...] = ()
        kinds: tuple[int, ...] = ()
        for _ in range(count):
            name = _string(file)
            (kind,) = struct.unpack("<I", file.read(4))
            if name == _TOKENS:
                names = tuple(_string(file) for _ in range(_array(file)[1]))
            elif name == _KINDS:
                length = _array(file)[1]
                kinds = struct.unpack(f"<{length}i", file.read(4 * length))
            else:
                _skip(file, kind)
            if names and kinds:
                silent = frozenset(token for token, kind in enumerate(kinds) if kind != _ORDINARY)
                return Vocabulary(names, silent)
    raise ValueError(f"{path} names no tokens")


def _array(file: BinaryIO) -> tuple[int, int]:
    """Element type and length of the array that follows."""
    kind, length = struct.unpack("<IQ", file.read(12))
    return kind, length


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    return file.read(length).decode()


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        _string(file)
    elif kind == _ARRAY:
        item, length = _array(file)
        if item in _SIZES:
            file.seek(_SIZES[item] * length, 1)
        else:
            for _ in range(length):
                _skip(file, item)
    else:
        file.seek(_SIZES[kind], 1)
