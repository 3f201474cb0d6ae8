"""DSSE envelopes: a statement, signed so that its type is signed with it. Pure.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from leaderboard.integrity.keys import Signer
from verifier.certificate import PAYLOAD_TYPE, PublicKey, pae, read_envelope, verify_envelope
from verifier.evidence.canonical import canonical_json


def sign(statement: Mapping[str, Any], signer: Signer, payload_type: str = PAYLOAD_TYPE) -> dict[str, Any]:
    """The envelope of a statement, JSON-ready. Its payload is the statement's canonical JSON."""
    payload = canonical_json(statement)
    signature = signer.sign(pae(payload_type, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": signer.keyid, "sig": base64.b64encode(signature).decode()}],
    }


def verify(envelope: Mapping[str, Any], keys: Mapping[str, PublicKey]) -> bytes:
    """The payload of an envelope that one of `keys`, by id, signed. Raises verifier.certificate.Refused."""
    found = read_envelope(envelope)
    verify_envelope(found, keys)
    return found.payload
