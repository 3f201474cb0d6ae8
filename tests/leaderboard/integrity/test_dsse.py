"""Our envelopes before another implementation: securesystemslib's."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import Key

from leaderboard.integrity import dsse
from leaderboard.integrity.keys import Signer
from leaderboard.integrity.statement import certificate_statement
from tests.leaderboard.integrity.certificates import FACTS
from verifier.certificate import PAYLOAD_TYPE, PublicKey, Refused, State, pae
from verifier.evidence.canonical import canonical_json

SIGNER = Signer.generate()
STATEMENT = certificate_statement(FACTS)
ENVELOPE = dsse.sign(STATEMENT, SIGNER)


def ours(envelope: dict[str, Any], *keys: Signer) -> bool:
    try:
        dsse.verify(envelope, {key.keyid: PublicKey(key.keyid, key.public) for key in keys})
    except Refused:
        return False
    return True


def theirs(envelope: dict[str, Any], *keys: Signer) -> bool:
    known = [
        Key.from_dict(
            key.keyid, {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": key.public.hex()}}
        )
        for key in keys
    ]
    try:
        Envelope.from_dict(copy.deepcopy(envelope)).verify(known, 1)
    except (VerificationError, ValueError, KeyError):
        return False
    return True


def test_the_pre_authentication_encoding_is_the_specifications_own_example() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_both_accept_it_and_read_the_same_payload() -> None:
    assert ours(ENVELOPE, SIGNER)
    assert theirs(ENVELOPE, SIGNER)
    payload = dsse.verify(ENVELOPE, {SIGNER.keyid: PublicKey(SIGNER.keyid, SIGNER.public)})
    assert payload == Envelope.from_dict(copy.deepcopy(ENVELOPE)).payload == canonical_json(STATEMENT)
    assert ENVELOPE["payloadType"] == PAYLOAD_TYPE


def test_what_stands_beside_the_signature_disturbs_neither() -> None:
    beside = {**ENVELOPE, "log": {"index": 3}}
    assert ours(beside, SIGNER)
    assert theirs(beside, SIGNER)


def changed(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ENVELOPE), **values}


def resigned(by: Signer, keyid: str | None = None) -> dict[str, Any]:
    envelope = dsse.sign(STATEMENT, by)
    envelope["signatures"][0]["keyid"] = keyid or by.keyid
    return envelope


def other_letter(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


@pytest.mark.parametrize(
    ("envelope", "state"),
    [
        (changed(payload=other_letter(ENVELOPE["payload"], 40)), State.ALTERED),
        (changed(payload=""), State.ALTERED),
        (changed(payloadType="application/json"), State.ALTERED),
        (
            changed(
                signatures=[{"keyid": SIGNER.keyid, "sig": other_letter(ENVELOPE["signatures"][0]["sig"], 9)}]
            ),
            State.ALTERED,
        ),
        (changed(signatures=[{"keyid": SIGNER.keyid, "sig": ""}]), State.ALTERED),
        (
            changed(signatures=[{"keyid": "other", "sig": ENVELOPE["signatures"][0]["sig"]}]),
            State.UNKNOWN_KEY,
        ),
        (changed(signatures=[]), State.UNKNOWN_KEY),
        (resigned(Signer.generate()), State.UNKNOWN_KEY),
        (resigned(Signer.generate(), SIGNER.keyid), State.ALTERED),
    ],
)
def test_where_ours_fails_theirs_fails(envelope: dict[str, Any], state: State) -> None:
    with pytest.raises(Refused) as caught:
        dsse.verify(envelope, {SIGNER.keyid: PublicKey(SIGNER.keyid, SIGNER.public)})
    assert caught.value.state is state
    assert not theirs(envelope, SIGNER)


def test_a_changed_bit_anywhere_fails_for_both() -> None:
    for name in ("payload", "sig"):
        holder = ENVELOPE if name == "payload" else ENVELOPE["signatures"][0]
        for place in range(0, len(holder[name].rstrip("=")) - 1, 37):
            text = other_letter(holder[name], place)
            envelope = changed(
                **{"payload": text}
                if name == "payload"
                else {"signatures": [{"keyid": SIGNER.keyid, "sig": text}]}
            )
            assert not ours(envelope, SIGNER)
            assert not theirs(envelope, SIGNER)
