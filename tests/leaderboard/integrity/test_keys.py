from __future__ import annotations

import json
from datetime import timedelta

import pytest

from leaderboard.integrity.keys import Published, Signer, key_set
from tests.leaderboard.integrity.certificates import ISSUED
from verifier.certificate import Refused, read_keys, thumbprint


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_key_comes_back_from_its_secret_and_never_shows_it() -> None:
    signer = Signer.generate()
    again = Signer.from_secret(signer.secret)
    assert (again.keyid, again.public) == (signer.keyid, signer.public)
    assert again.sign(b"x") == signer.sign(b"x")
    assert signer.secret not in f"{signer!r}{signer}"


def test_the_published_set_tells_when_each_key_spoke() -> None:
    old, new, bad = Signer.generate(), Signer.generate(), Signer.generate()
    later = ISSUED + timedelta(days=30)
    document = key_set(
        [
            Published(old.public, ISSUED, later),
            Published(new.public, later),
            Published(bad.public, ISSUED, later, withdrawn=True),
        ],
        "assay.example/log",
    )
    known = read_keys(json.dumps(document).encode())
    assert known.origin == "assay.example/log"
    assert list(known.keys) == [old.keyid, new.keyid, bad.keyid]
    assert known.keys[old.keyid].not_before == ISSUED
    assert known.keys[old.keyid].not_after == later + timedelta(seconds=1)
    assert known.keys[new.keyid].not_after is None
    assert [key.withdrawn for key in known.keys.values()] == [False, False, True]
    assert all(old.secret not in json.dumps(document) for _ in (1,))


@pytest.mark.parametrize(
    "document",
    [
        {}, {"keys": []}, {"keys": [], "log_origin": "x"}, {"keys": [{}], "log_origin": "x"},
        {"keys": [{"kty": "RSA"}], "log_origin": "x"},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "x"}], "log_origin": "x"},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": 7, "kid": "x"}], "log_origin": "x"},
    ],
)  # fmt: skip
def test_what_is_no_key_set_is_refused(document: object) -> None:
    with pytest.raises(Refused, match="key"):
        read_keys(json.dumps(document).encode())


@pytest.mark.parametrize("value", ["1", -1, 1.5, 2**40, True])
def test_a_date_that_is_none_is_refused(value: object) -> None:
    document = key_set([Published(Signer.generate().public, ISSUED)], "x")
    document["keys"][0]["exp"] = value
    with pytest.raises(Refused, match="seconds since 1970"):
        read_keys(json.dumps(document).encode())
