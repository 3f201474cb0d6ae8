"""The tables of presentation. leaderboard.services is their only writer."""

from __future__ import annotations

from leaderboard.models.certificate import Certificate, CertificateStep
from leaderboard.models.log_entry import Checkpoint, LogEntry, LogHead, SigningKey
from leaderboard.models.published import Change, ChangeKind, PublishedEndpoint
from leaderboard.models.snapshot import Snapshot

__all__ = (
    "Certificate",
    "CertificateStep",
    "Change",
    "ChangeKind",
    "Checkpoint",
    "LogEntry",
    "LogHead",
    "PublishedEndpoint",
    "SigningKey",
    "Snapshot",
)
