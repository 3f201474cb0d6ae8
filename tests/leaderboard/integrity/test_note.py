from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.integrity import note
from leaderboard.integrity.keys import Published, Signer, key_set
from tests.leaderboard.integrity.certificates import ISSUED
from verifier.certificate import Checkpoint, KeySet, Refused, key_hash, read_checkpoint, read_keys

ORIGIN = "assay.example/log"
SIGNER = Signer.generate()
ROOT = bytes(range(32))
NOTE = note.signed(note.checkpoint_text(ORIGIN, 20, ROOT), ORIGIN, SIGNER)


def known(*signers: Signer, origin: str = ORIGIN) -> KeySet:
    return read_keys(json.dumps(key_set([Published(one.public, ISSUED) for one in signers], origin)).encode())


def test_the_key_hash_and_signature_of_the_specifications_example() -> None:
    """golang.org/x/mod/sumdb/note: the key of PeterNeumann, and what it signed."""
    name, hashed, encoded = ["PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
    public = base64.b64decode(encoded)[1:]
    assert key_hash(name, public).hex() == hashed
    assert note.verifier_key(name, public) == "+".join((name, hashed, encoded))


def test_a_checkpoint_is_read_as_it_was_signed() -> None:
    assert read_checkpoint(NOTE, known(SIGNER)) == Checkpoint(ORIGIN, 20, ROOT)
    lines = NOTE.split("\n")
    assert lines[:2] == [ORIGIN, "20"]
    assert lines[3] == ""
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert NOTE.endswith("\n")


def test_other_witnesses_may_sign_beside_us_and_before_us() -> None:
    text, signature = NOTE.split("\n\n")
    witness = note.signed(text + "\n", "witness.example", Signer.generate()).split("\n\n")[1]
    for both in (f"{text}\n\n{signature}{witness}", f"{text}\n\n{witness}{signature}"):
        assert read_checkpoint(both, known(SIGNER)).size == 20


@given(st.integers(0, 8 * len(NOTE.encode()) - 1))
def test_one_bit_changed_anywhere_is_caught(bit: int) -> None:
    data = bytearray(NOTE.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refused):
        read_checkpoint(data.decode("utf-8", "replace"), known(SIGNER))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "x",
        NOTE.strip(),
        NOTE + "\n",
        NOTE.replace("—", "-"),
        NOTE.split("\n\n")[0] + "\n\n",
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_checkpoint(text, known(SIGNER))


@pytest.mark.parametrize(
    "text",
    [
        f"other.example/log\n20\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n020\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n{'9' * 30}\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n20\n{base64.b64encode(ROOT[1:]).decode()}\n",
        f"{ORIGIN}\n20\n!\n",
        f"{ORIGIN}\n20\n",
    ],
)
def test_what_is_well_signed_and_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_checkpoint(note.signed(text, ORIGIN, SIGNER), known(SIGNER))


def test_another_key_or_another_name_is_not_ours() -> None:
    with pytest.raises(Refused, match="not signed with any"):
        read_checkpoint(NOTE, known(Signer.generate()))
    with pytest.raises(Refused, match="not signed with any"):
        read_checkpoint(NOTE, known(SIGNER, origin="other.example/log"))
