"""The only writers of the tables of presentation, one subject per file."""

from __future__ import annotations

from leaderboard.integrity.facts import Fact
from leaderboard.services.certification import (
    CertificateNotPossible,
    correct_certificate,
    end_certificate,
    request_certificate,
    review,
    review_all,
)
from leaderboard.services.checkpoints import checkpoint, proof_of, published_keys
from leaderboard.services.publishing import follow_up, publish
from leaderboard.services.signing import (
    rotate_signing_key,
    rotate_signing_secrets,
    signer,
    withdraw_signing_key,
)
from leaderboard.services.transparency import append, append_all

__all__ = (
    "CertificateNotPossible",
    "Fact",
    "append",
    "append_all",
    "checkpoint",
    "correct_certificate",
    "end_certificate",
    "follow_up",
    "proof_of",
    "publish",
    "published_keys",
    "request_certificate",
    "review",
    "review_all",
    "rotate_signing_key",
    "rotate_signing_secrets",
    "signer",
    "withdraw_signing_key",
)
