"""Certificates for the tests: signed by a key of their own, in a small log."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from leaderboard.integrity import dsse, note
from leaderboard.integrity.keys import Published, Signer, key_set
from leaderboard.integrity.statement import CertificateFacts, certificate_statement, status_statement
from tests.leaderboard.integrity.trees import Log
from verifier.evidence.canonical import canonical_json

ORIGIN = "assay.example/log"
ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = ISSUED + timedelta(days=10)
FACTS = CertificateFacts(
    certificate="0190-one",
    verifier="https://assay.example/",
    endpoint="0190-two",
    label="Toys, turbo",
    provider="toys",
    base_url="https://toys.example/v1",
    upstream_model="toy-1",
    model="makers/toy",
    revision="the makers' repository at 1234567",
    verdict="faithful",
    grade="A+",
    fidelity={"value": 99.54, "low": 99.38, "high": 99.71},
    k=20,
    evidence_level="distributions",
    declaration={"declared": "bf16", "measured": None, "state": "kept"},
    versions={"suite": "core 1.0 sha256:0", "hidden_pool": None, "policy": "1", "assay": "0.1.0"},
    baseline="sha256:1",
    runs=["0190-three"],
    evidence=["sha256:2"],
    measured=ISSUED - timedelta(hours=1),
    issued=ISSUED,
    expires=ISSUED + timedelta(days=90),
    status="https://assay.example/api/v1/certificates/0190-one/status",
)


def as_bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Site:
    """Who signs: a key and a log whose other entries are made up."""

    signer: Signer = field(default_factory=Signer.generate)
    others: int = 12
    begun: datetime = ISSUED - timedelta(days=5)
    retired: datetime | None = None
    withdrawn: bool = False

    @property
    def keys(self) -> bytes:
        one = Published(self.signer.public, self.begun, self.retired, self.withdrawn)
        return as_bytes(key_set([one], ORIGIN))

    def certificate(self, place: int = 5, **changes: Any) -> dict[str, Any]:
        """The certificate of FACTS, changed; entry `place` of the log."""
        envelope = dsse.sign(certificate_statement(replace(FACTS, **changes)), self.signer)
        return {**envelope, "log": self.logged(base64.b64decode(envelope["payload"]), place)}

    def logged(self, payload: bytes, place: int = 5) -> dict[str, Any]:
        body = {"statement": f"sha256:{sha256(payload).hexdigest()}"}
        entry = canonical_json({"kind": "certificate", "subject": FACTS.certificate, "body": body})
        others = [b"entry %d" % number for number in range(self.others)]
        log = Log([*others[:place], entry, *others[place:]])
        size = len(log.entries)
        text = note.checkpoint_text(ORIGIN, size, log.root(size))
        return {
            "entry": entry.decode(),
            "index": place,
            "proof": [base64.b64encode(part).decode() for part in log.inclusion(place, size)],
            "checkpoint": note.signed(text, ORIGIN, self.signer),
        }

    def status(self, certificate: Mapping[str, Any], state: str, reason: str = "") -> dict[str, Any]:
        payload = base64.b64decode(certificate["payload"])
        said = status_statement(
            certificate=FACTS.certificate,
            payload_sha256=sha256(payload).hexdigest(),
            state=state,
            since=NOW,
            reason=reason,
            asked=NOW,
        )
        return dsse.sign(said, self.signer)
