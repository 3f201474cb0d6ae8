"""The tables of presentation. leaderboard.services is their only writer."""

from __future__ import annotations

from leaderboard.models.alert import (
    Alert,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Subscription,
    Webhook,
)
from leaderboard.models.certificate import Certificate, CertificateStep
from leaderboard.models.log_entry import Checkpoint, LogEntry, LogHead, SigningKey
from leaderboard.models.published import Change, ChangeKind, PublishedEndpoint
from leaderboard.models.snapshot import Snapshot

__all__ = (
    "Alert",
    "Certificate",
    "CertificateStep",
    "Change",
    "ChangeKind",
    "Checkpoint",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "LogEntry",
    "LogHead",
    "PublishedEndpoint",
    "SigningKey",
    "Snapshot",
    "Subscription",
    "Webhook",
)
