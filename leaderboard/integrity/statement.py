"""What a certificate says, as an in-toto Statement v1. Pure: facts in, JSON out.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md; the predicate is a simple verification
result (svr/v0.1), so that general tools read who verified, when and what holds; Assay's own numbers stand
under `assay`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verifier.certificate import RESULT, STATEMENT, STATUS
from verifier.evidence.canonical import digest


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Everything that is attested. Addresses are whole URLs; `evidence` holds `sha256:…` of each bundle."""

    certificate: str
    """The certificate's id."""
    verifier: str
    """Who attests: the site's address, e.g. https://assay.example/"""
    endpoint: str
    """The endpoint's id on the board."""
    label: str
    provider: str
    base_url: str
    upstream_model: str
    model: str
    """As its makers name it: org/name."""
    revision: str
    """Which weights: the reference's provenance, or a commit of the repository."""
    verdict: str
    grade: str
    fidelity: Mapping[str, float] | None
    """value, low and high."""
    k: int
    evidence_level: str
    declaration: Mapping[str, Any]
    """declared, measured and state."""
    versions: Mapping[str, Any]
    """suite, hidden_pool, policy and assay, as in a result."""
    baseline: str
    runs: Sequence[str]
    evidence: Sequence[str]
    measured: datetime
    issued: datetime
    expires: datetime
    status: str
    """The address that tells where the certificate stands now."""
    private_attempts: int = 0


def certificate_statement(facts: CertificateFacts) -> dict[str, Any]:
    """The statement of a certificate, JSON-ready. Sign it with `dsse.sign`."""
    what = {"base_url": facts.base_url, "upstream_model": facts.upstream_model, "revision": facts.revision}
    return {
        "_type": STATEMENT,
        "subject": [
            {
                "name": f"{facts.model} at {facts.base_url}",
                "uri": facts.base_url,
                "digest": {"sha256": digest(what).removeprefix("sha256:")},
                "annotations": {"model": facts.model, **what},
            }
        ],
        "predicateType": RESULT,
        "predicate": {
            "verifier": {"id": facts.verifier},
            "timeCreated": _text(facts.issued),
            "properties": _properties(facts),
            "assay": {
                "certificate": facts.certificate,
                "endpoint": {"id": facts.endpoint, "label": facts.label, "provider": facts.provider},
                "verdict": facts.verdict,
                "grade": facts.grade,
                "fidelity": None if facts.fidelity is None else dict(facts.fidelity),
                "k": facts.k,
                "evidence_level": facts.evidence_level,
                "declaration": dict(facts.declaration),
                "versions": dict(facts.versions),
                "baseline": facts.baseline,
                "runs": list(facts.runs),
                "evidence": list(facts.evidence),
                "private_attempts": facts.private_attempts,
                "measured": _text(facts.measured),
                "valid_until": _text(facts.expires),
                "status": facts.status,
            },
        },
    }


def status_statement(
    *, certificate: str, payload_sha256: str, state: str, since: datetime, reason: str, asked: datetime
) -> dict[str, Any]:
    """Where a certificate stands, JSON-ready, for its status address. Sign it with `dsse.sign`.

    `payload_sha256` is the hex digest of the certificate's signed payload; `state` is DESIGN.md's word.
    """
    return {
        "_type": STATEMENT,
        "subject": [{"name": f"certificate {certificate}", "digest": {"sha256": payload_sha256}}],
        "predicateType": STATUS,
        "predicate": {"state": state, "since": _text(since), "reason": reason, "asked": _text(asked)},
    }


def _properties(facts: CertificateFacts) -> list[str]:
    """The properties that hold, as svr wants them: short words that a policy can look for."""
    words = ["VERDICT", facts.verdict], ["GRADE", facts.grade], ["EVIDENCE", facts.evidence_level]
    held = [f"ASSAY_{kind}_{word.upper().replace('-', '_')}" for kind, word in words if word]
    return [*held, f"ASSAY_DECLARATION_{str(facts.declaration['state']).upper()}"]


def _text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
