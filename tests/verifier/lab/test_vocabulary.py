"""The quick reader of token names agrees with the thorough one, and every token's text is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.verifier.lab.tiny import FIELDS, tiny_model
from verifier.lab import source
from verifier.lab.gguf_file import write
from verifier.lab.vocabulary import Vocabulary, read_vocabulary, spell


def test_names_and_kinds_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "named.gguf"
    fields = {
        **FIELDS,
        "tokenizer.ggml.tokens": replace(FIELDS["tokenizer.ggml.tokens"], value=["<end>", "Ġé", "Ċ"]),
        "tokenizer.ggml.token_type": replace(FIELDS["tokenizer.ggml.token_type"], value=[3, 1, 1]),
    }
    # whatever comes first must be skipped exactly
    write(path, dict(sorted(fields.items(), key=lambda item: "tokenizer.ggml.to" in item[0])), [])
    assert read_vocabulary(path) == Vocabulary(("<end>", "Ġé", "Ċ"), frozenset({0}))
    tiny, _ = tiny_model(tmp_path)
    assert read_vocabulary(tiny).names == ("a", "b", "ab", "c")


def test_every_token_of_the_released_model_has_its_text() -> None:
    vocabulary = read_vocabulary(source.find())
    assert len(vocabulary.names) == 49152
    assert vocabulary.names[2] == "<|im_end|>"
    assert vocabulary.text(2) == b""
    for token in set(range(len(vocabulary.names))) - vocabulary.silent:
        assert spell(vocabulary.text(token)) == vocabulary.names[token]
    assert vocabulary.text(vocabulary.names.index("Ġthe")) == b" the"


def test_a_space_a_line_and_half_a_character_are_spelt_with_marks() -> None:
    assert spell(b" a\n") == "ĠaĊ"
    assert spell("é".encode()) == "Ã©"
    assert Vocabulary(("Ã",), frozenset()).text(0) == b"\xc3"


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"no model at all, but long enough")
    with pytest.raises(ValueError, match="is not a GGUF file"):
        read_vocabulary(tmp_path / "other")
    nameless = {name: field for name, field in FIELDS.items() if "tokens" not in name}
    write(tmp_path / "nameless.gguf", nameless, [])
    with pytest.raises(ValueError, match="names no tokens"):
        read_vocabulary(tmp_path / "nameless.gguf")
