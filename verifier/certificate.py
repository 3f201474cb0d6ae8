"""Checks a certificate without trusting whoever shows it. One file that needs nothing but `cryptography`:

    python certificate.py CERTIFICATE.json --keys assay-keys.json

A certificate is a DSSE envelope around an in-toto Statement v1, signed with Ed25519. Beside the signatures
stands `log`: the entry that the transparency log holds of it, the proof that it is there (RFC 6962), and the
log's signed checkpoint (C2SP signed note and tlog-checkpoint). Whatever is shown, the answer is one of
`State` with a sentence; nothing raises.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_BYTES = 2**20
"""Of any document; a certificate has some 4 kB."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
RESULT = "https://in-toto.io/attestation/svr/v0.1"
"""The predicate of a certificate: a simple verification result, with Assay's own numbers under `assay`."""
STATUS = "urn:assay:certificate-status:v1"
"""The predicate of the document at a certificate's status address."""


class State(StrEnum):
    """What a certificate turned out to be."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_IN_LOG = "not-in-the-log"
    ALTERED = "altered"
    UNKNOWN_KEY = "unknown-key"
    UNREADABLE = "unreadable"


FALLEN = {"suspended": State.SUSPENDED, "revoked": State.REVOKED, "expired": State.EXPIRED}
"""States of a certificate in which it no longer stands."""


class Refused(Exception):
    """The certificate does not hold: what it is instead, and why."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state, self.reason = state, reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What a certificate is, why, and what it attests. `attested` is None unless its signature holds."""

    state: State
    reason: str
    attested: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.state is State.VALID


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key. It speaks from `not_before` to `not_after`, and no longer once withdrawn."""

    keyid: str
    raw: bytes
    not_before: datetime | None = None
    not_after: datetime | None = None
    withdrawn: bool = False

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class KeySet:
    """The published keys by id, and the name under which they sign the log."""

    keys: Mapping[str, PublicKey]
    origin: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed head of the log: so many entries, with this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope: the payload, its type, and signatures by key id."""

    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


# Documents


def read_json(raw: bytes, what: str) -> dict[str, Any]:
    """The JSON object in `raw`. Raises Refused for anything else, and for what readers might read apart."""
    if len(raw) > MAX_BYTES:
        raise Refused(State.UNREADABLE, f"{what} is larger than {MAX_BYTES // 2**20} MB: it was not read.")
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise Refused(State.UNREADABLE, f"{what} is not whole JSON: {_short(error)}.") from None
    if not isinstance(found, dict):
        raise Refused(State.UNREADABLE, f"{what} is not a JSON object.")
    return found


def decode(text: Any, what: str, *, url_safe: bool = False) -> bytes:
    """Bytes from base64 in its one canonical spelling. Raises Refused."""
    try:
        if url_safe:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            again = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        else:
            raw = base64.b64decode(text, validate=True)
            again = base64.b64encode(raw).decode()
    except (ValueError, TypeError):
        raise Refused(State.UNREADABLE, f"{what} is not base64.") from None
    if again != text:
        raise Refused(State.UNREADABLE, f"{what} is not base64 as it is written canonically.")
    return raw


def thumbprint(raw: bytes) -> str:
    """The id of an Ed25519 key: its JWK thumbprint (RFC 7638, RFC 8037 appendix A.3)."""
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).decode().rstrip("=")


def read_keys(raw: bytes) -> KeySet:
    """The keys of `/.well-known/assay-keys.json`: a JWK set and the log's origin. Raises Refused."""
    document = read_json(raw, "The key set")
    origin, listed = document.get("log_origin"), document.get("keys")
    if not isinstance(origin, str) or not isinstance(listed, list) or not listed:
        raise Refused(State.UNREADABLE, "The key set has no keys or no log_origin.")
    keys = [_key(one) for one in listed]
    return KeySet({key.keyid: key for key in keys}, origin)


def _key(jwk: Any) -> PublicKey:
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise Refused(State.UNREADABLE, "The key set holds a key that is not Ed25519.")
    public = decode(jwk.get("x"), "A key", url_safe=True)
    if len(public) != 32 or jwk.get("kid") != thumbprint(public):
        raise Refused(State.UNREADABLE, "The key set holds a key whose id is not its thumbprint.")
    return PublicKey(
        thumbprint(public),
        public,
        _moment(jwk.get("nbf"), "A key's nbf"),
        _moment(jwk.get("exp"), "A key's exp"),
        jwk.get("revoked") is True,
    )


def _moment(seconds: Any, what: str) -> datetime | None:
    if seconds is None:
        return None
    if type(seconds) is not int or not 0 <= seconds < 2**33:
        raise Refused(State.UNREADABLE, f"{what} is not a number of seconds since 1970.")
    return datetime.fromtimestamp(seconds, UTC)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _short(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


# Signatures


def pae(payload_type: str, payload: bytes) -> bytes:
    """What a DSSE signature is over: the pre-authentication encoding, DSSEv1."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def read_envelope(document: Mapping[str, Any]) -> Envelope:
    """The envelope in a document; what stands beside it is ignored. Raises Refused."""
    kind, listed = document.get("payloadType"), document.get("signatures")
    if not isinstance(kind, str) or not isinstance(listed, list) or "payload" not in document:
        raise Refused(
            State.UNREADABLE, "It has no payload, payloadType or signatures: this is no certificate."
        )
    signatures = []
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("keyid"), str):
            raise Refused(State.UNREADABLE, "A signature does not name its key.")
        signatures.append((one["keyid"], decode(one.get("sig"), "A signature")))
    return Envelope(kind, decode(document["payload"], "The payload"), tuple(signatures))


def verify_envelope(envelope: Envelope, keys: Mapping[str, PublicKey]) -> PublicKey:
    """The key that signed it. Raises Refused: no key of ours is named, or its signature does not hold."""
    known = [(keys[keyid], signature) for keyid, signature in envelope.signatures if keyid in keys]
    if not known:
        raise Refused(State.UNKNOWN_KEY, "It is not signed with any of the published keys.")
    message = pae(envelope.payload_type, envelope.payload)
    for key, signature in known:
        if not key.verifies(signature, message):
            raise Refused(State.ALTERED, "The signature does not fit: it was changed after signing.")
        if key.withdrawn:
            raise Refused(State.UNKNOWN_KEY, "Its key was withdrawn: nothing signed with it counts any more.")
    return known[0][0]


def key_hash(name: str, public: bytes) -> bytes:
    """The four bytes by which a signed note names an Ed25519 key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def read_checkpoint(note: str, keys: KeySet) -> Checkpoint:
    """The log head in a signed note. Raises Refused unless one of the keys signed it in the log's name."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Refused(State.NOT_IN_LOG, "The log's checkpoint is no signed note.")
    text += "\n"
    by_hash = {key_hash(keys.origin, key.raw): key for key in keys.keys.values() if not key.withdrawn}
    signed = False
    for line in signatures[:-1].split("\n"):
        dash, name, encoded = (*line.split(" "), "", "")[:3]
        if dash != "—" or not encoded or line.count(" ") != 2:
            raise Refused(State.NOT_IN_LOG, "The log's checkpoint has a malformed signature line.")
        raw = decode(encoded, "The checkpoint's signature")
        if name == keys.origin and raw[:4] in by_hash:
            if not by_hash[raw[:4]].verifies(raw[4:], text.encode()):
                raise Refused(State.ALTERED, "The signature of the log's checkpoint does not fit.")
            signed = True
    if not signed:
        raise Refused(State.UNKNOWN_KEY, "The log's checkpoint is not signed with any of the published keys.")
    lines = text.split("\n")
    if len(lines) < 4 or lines[0] != keys.origin or not _is_number(lines[1]):
        raise Refused(State.NOT_IN_LOG, "The log's checkpoint does not name this log and its size.")
    root = decode(lines[2], "The checkpoint's root")
    if len(root) != 32:
        raise Refused(State.NOT_IN_LOG, "The log's checkpoint has no root of 32 bytes.")
    return Checkpoint(lines[0], int(lines[1]), root)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19 and str(int(text)) == text


# The log: RFC 6962 hashing; a proof is checked as RFC 9162 section 2.1.3.2 says


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the entry with the hash `leaf` is number `index`, from 0, of the `size` under `root`."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for part in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(part, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


# Certificates


def check(document: bytes, keys: bytes, *, now: datetime, status: bytes | None = None) -> Answer:
    """What this certificate is. `keys`: the published key set; `status`: what its status address says."""
    attested: dict[str, Any] | None = None
    try:
        known = read_keys(keys)
        found = read_json(document, "The certificate")
        envelope = read_envelope(found)
        signer = verify_envelope(envelope, known.keys)
        statement = _statement(envelope, RESULT)
        issued, expires = _attested_times(statement["predicate"])
        attested = statement
        _require_in_time(signer, issued)
        _require_logged(found.get("log"), envelope.payload, known)
        notes = () if status is None else _require_standing(status, envelope.payload, known)
    except Refused as refused:
        return Answer(refused.state, refused.reason, attested)
    if now >= expires:
        return Answer(State.EXPIRED, f"It was valid until {expires:%d %B %Y}.", attested, notes)
    if now < issued:
        return Answer(State.NOT_YET_VALID, f"It is valid from {issued:%d %B %Y} only.", attested, notes)
    if status is None:
        notes = ("Whether it was suspended or revoked since was not looked up.",)
    reason = f"It is signed, in the log, and valid until {expires:%d %B %Y}."
    return Answer(State.VALID, reason, attested, notes)


def _statement(envelope: Envelope, predicate_type: str) -> dict[str, Any]:
    if envelope.payload_type != PAYLOAD_TYPE:
        raise Refused(State.UNREADABLE, "Its payload is no in-toto statement.")
    statement = read_json(envelope.payload, "The statement")
    if statement.get("_type") != STATEMENT or statement.get("predicateType") != predicate_type:
        raise Refused(State.UNREADABLE, "It is a statement of another kind.")
    if not isinstance(statement.get("predicate"), dict):
        raise Refused(State.UNREADABLE, "The statement has no predicate.")
    return statement


def _attested_times(predicate: Mapping[str, Any]) -> tuple[datetime, datetime]:
    try:
        issued = datetime.fromisoformat(predicate["timeCreated"])
        expires = datetime.fromisoformat(predicate["assay"]["valid_until"])
        if issued.tzinfo is None or expires.tzinfo is None:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise Refused(State.UNREADABLE, "The statement does not say when it begins and ends.") from None
    return issued, expires


def _require_in_time(key: PublicKey, issued: datetime) -> None:
    early = key.not_before is not None and issued < key.not_before
    if early or (key.not_after is not None and issued > key.not_after):
        raise Refused(State.UNKNOWN_KEY, "It is signed with a key that was not in use when it was issued.")


def _require_logged(log: Any, payload: bytes, keys: KeySet) -> None:
    try:
        entry, note = log["entry"], log["checkpoint"]
        index, proof = log["index"], [decode(part, "The log's proof") for part in log["proof"]]
        known = type(index) is int and isinstance(entry, str) and isinstance(note, str) and len(proof) < 64
    except (KeyError, TypeError):
        known = False
    if not known:
        raise Refused(State.NOT_IN_LOG, "It brings no proof that it is in the transparency log.")
    named = read_json(entry.encode(), "The log's entry")
    digest = f"sha256:{hashlib.sha256(payload).hexdigest()}"
    body = named.get("body")
    if named.get("kind") != "certificate" or not isinstance(body, dict) or body.get("statement") != digest:
        raise Refused(State.NOT_IN_LOG, "The log's entry is of something else.")
    if str(body.get("state")) in FALLEN:
        raise Refused(FALLEN[body["state"]], "The log's entry says that it no longer stands.")
    head = read_checkpoint(note, keys)
    if not verify_inclusion(leaf_hash(entry.encode()), index, head.size, proof, head.root):
        raise Refused(State.NOT_IN_LOG, "The proof does not lead from its entry to the log's checkpoint.")


def _require_standing(status: bytes, payload: bytes, keys: KeySet) -> tuple[str, ...]:
    """Notes on where the certificate stands now. Raises Refused where it does not stand any more."""
    envelope = read_envelope(read_json(status, "The status"))
    verify_envelope(envelope, keys.keys)
    statement = _statement(envelope, STATUS)
    digest = hashlib.sha256(payload).hexdigest()
    try:
        names = [one["digest"]["sha256"] for one in statement["subject"]]
        state, since = statement["predicate"]["state"], statement["predicate"]["since"]
        reason = str(statement["predicate"].get("reason") or "").rstrip(".")
    except (KeyError, TypeError):
        raise Refused(State.UNREADABLE, "The status does not say what it is of.") from None
    if digest not in names:
        raise Refused(State.UNREADABLE, "The status is that of another certificate.")
    said = f"{str(state).capitalize()} since {since}{': ' + reason if reason else ''}."
    if str(state) in FALLEN:
        raise Refused(FALLEN[state], said)
    return (said,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a file offline: prints the answer; 0 when it is valid, 1 when not, 3 when it can't be read."""
    parser = argparse.ArgumentParser(description="Check a certificate offline.")
    parser.add_argument("certificate", type=Path)
    parser.add_argument("--keys", type=Path, required=True, help="the key set: /.well-known/assay-keys.json")
    parser.add_argument("--status", type=Path, help="the document at the certificate's status address")
    args = parser.parse_args(arguments)
    try:
        with_status = None if args.status is None else args.status.read_bytes()
        document, keys = args.certificate.read_bytes(), args.keys.read_bytes()
    except OSError as error:
        print(f"cannot read it: {error}", file=sys.stderr)
        return 3
    answer = check(document, keys, now=datetime.now(UTC), status=with_status)
    print(f"{answer.state}: {answer.reason}", *answer.notes)
    if answer.attested is not None:
        print(json.dumps(answer.attested, indent=2, sort_keys=True, ensure_ascii=False))
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main())
