"""What a publication puts into the log: the board as a whole, and what it says of each endpoint. Pure.

Publishing appends these; `manage.py verify_log` makes them again from the database and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderboard.models import Certificate, CertificateStep, Dispute, HiddenPool, SigningKey

BOARD, VERDICT, SUITE, CERTIFICATE, EVIDENCE = "board", "verdict", "suite", "certificate", "evidence"
DISPUTE, KEY, POOL = "dispute", "key", "pool"

TOLD = (
    "verdict",
    "fidelity",
    "declaration",
    "awaits",
    "evidence_level",
    "k",
    "e_value",
    "versions",
    "baseline",
)
"""What an entry keeps of a published row; the board's digest covers the rest."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is appended: a kind, the id of what it is about, and what is said of it, JSON-ready.

    Kinds: verdict, board, suite, key, certificate, evidence, dispute, pool.
    """

    kind: str
    subject: str
    body: Mapping[str, Any]


def board_fact(board: Mapping[str, Any], digest: str, published: str) -> Fact:
    """The board of a model, by its digest, and when it was published."""
    model = board["model"]
    return Fact(BOARD, model["id"], {"model": _slug(board), "digest": digest, "published": published})


def verdict_fact(board: Mapping[str, Any], row: Mapping[str, Any], result_digest: str) -> Fact | None:
    """What is said of one endpoint and the run it rests on; None while nothing is.

    `result_digest` is that of the run's own result, before anything awaits confirmation.
    """
    if row["run"] is None or row["result"] is None:
        return None
    told = {name: row["result"].get(name) for name in TOLD}
    run = {**row["run"], "result": result_digest}
    return Fact(VERDICT, row["endpoint"]["id"], {"model": _slug(board), "listed": True, "run": run, **told})


def withdrawal_facts(former: Mapping[str, Any] | None, board: Mapping[str, Any]) -> list[Fact]:
    """The endpoints of the former board that this one no longer shows a verdict of."""
    shown = {row["endpoint"]["id"] for row in board["rows"] if row["result"] is not None}
    body = {"model": _slug(board), "listed": False}
    return [
        Fact(VERDICT, row["endpoint"]["id"], body)
        for row in (former or {"rows": ()})["rows"]
        if row["result"] is not None and row["endpoint"]["id"] not in shown
    ]


def certificate_fact(certificate: Certificate, step: CertificateStep, statement: str | None) -> Fact:
    """One step of a certificate's life; `statement` is the digest of the signed payload that it is about."""
    return Fact(
        CERTIFICATE,
        str(certificate.pk),
        {
            "endpoint": str(certificate.endpoint_id),
            "model": certificate.endpoint.model.slug,
            "number": step.number,
            "state": step.now,
            "reason": step.reason,
            "said": step.said,
            "run": None if step.run_id is None else str(step.run_id),
            "happened": step.happened.isoformat(),
            "expires": step.expires.isoformat(),
            "statement": statement,
        },
    )


def dispute_fact(dispute: Dispute) -> Fact:
    """An objection as it stands: what was said, its clock, and once it has ended its outcome and answer."""
    return Fact(
        DISPUTE,
        str(dispute.pk),
        {
            "endpoint": str(dispute.endpoint_id),
            "model": dispute.endpoint.model.slug,
            "id": str(dispute.pk),
            "run": str(dispute.run_id),
            "check": dispute.check_name,
            "objector": dispute.objector,
            "statement": dispute.statement,
            "evidence": dispute.evidence,
            "opened": dispute.opened.isoformat(),
            "due": dispute.due.isoformat(),
            "outcome": dispute.outcome,
            "answer": dispute.answer,
            "answered": None if dispute.answered is None else dispute.answered.isoformat(),
        },
    )


def key_fact(key: SigningKey) -> Fact:
    """A signing key: in use, retired or withdrawn."""
    state = "withdrawn" if key.withdrawn else "in use" if key.retired is None else "retired"
    return Fact(KEY, key.keyid, {"public": key.public, "state": state})


def pool_fact(pool: HiddenPool) -> Fact:
    """The salt of a hidden pool that is retired."""
    assert pool.retired is not None, "until then the salt is nobody's to know"
    return Fact(POOL, pool.sha256, {"salt": pool.salt, "retired": pool.retired.isoformat()})


def suite_facts(board: Mapping[str, Any]) -> list[Fact]:
    """The suites and hidden pools that the rows rest on, by their hashes."""
    versions = [(row["result"] or {}).get("versions") or {} for row in board["rows"]]
    named = {(one["suite"], one.get("hidden_pool") or None) for one in versions if one.get("suite")}
    return [
        Fact(SUITE, f"{suite} {pool or ''}".strip(), {"suite": suite, "hidden_pool": pool})
        for suite, pool in sorted(named, key=str)
    ]


def _slug(board: Mapping[str, Any]) -> str:
    return f"{board['model']['org']}/{board['model']['name']}"
