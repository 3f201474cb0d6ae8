"""The only writers of the tables of presentation, one subject per file."""

from __future__ import annotations

from leaderboard.integrity.facts import Fact
from leaderboard.services.alerts import replay, tell
from leaderboard.services.attesting import certificate_document, certificate_status
from leaderboard.services.certification import (
    CertificateNotPossible,
    correct_certificate,
    end_certificate,
    request_certificate,
    review,
    review_all,
)
from leaderboard.services.checkpoints import checkpoint, every_key, kept_checkpoints, proof_of, published_keys
from leaderboard.services.delivering import deliver, deliver_due
from leaderboard.services.disputes import DisputeNotPossible, answer_dispute, open_dispute, withdraw_dispute
from leaderboard.services.dumping import keep_dump
from leaderboard.services.evidence import (
    EvidenceDamaged,
    damaged_evidence,
    keep_evidence,
    keep_missing,
    prune_evidence,
    public_evidence,
    read_evidence,
)
from leaderboard.services.mirror import MirrorRefused, export_log
from leaderboard.services.pools import PoolNotKept, PoolNotKnown, publish_pool, retire_pool, retired_pool
from leaderboard.services.publishing import follow_up, publish
from leaderboard.services.signing import (
    rotate_signing_key,
    rotate_signing_secrets,
    signer,
    withdraw_signing_key,
)
from leaderboard.services.subscriptions import (
    add_webhook,
    confirm_subscription,
    forget_unconfirmed,
    remove_webhook,
    rotate_webhook_secrets,
    subscribe,
    unsubscribe,
)
from leaderboard.services.transparency import append, append_all, locked_head

__all__ = (
    "CertificateNotPossible",
    "DisputeNotPossible",
    "EvidenceDamaged",
    "Fact",
    "MirrorRefused",
    "PoolNotKept",
    "PoolNotKnown",
    "add_webhook",
    "answer_dispute",
    "append",
    "append_all",
    "certificate_document",
    "certificate_status",
    "checkpoint",
    "confirm_subscription",
    "correct_certificate",
    "damaged_evidence",
    "deliver",
    "deliver_due",
    "end_certificate",
    "every_key",
    "export_log",
    "follow_up",
    "forget_unconfirmed",
    "keep_dump",
    "keep_evidence",
    "keep_missing",
    "kept_checkpoints",
    "locked_head",
    "open_dispute",
    "proof_of",
    "prune_evidence",
    "public_evidence",
    "publish",
    "publish_pool",
    "published_keys",
    "read_evidence",
    "remove_webhook",
    "replay",
    "request_certificate",
    "retire_pool",
    "retired_pool",
    "review",
    "review_all",
    "rotate_signing_key",
    "rotate_signing_secrets",
    "rotate_webhook_secrets",
    "signer",
    "subscribe",
    "tell",
    "unsubscribe",
    "withdraw_dispute",
    "withdraw_signing_key",
)
