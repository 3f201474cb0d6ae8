"""The tables of presentation. leaderboard.services is their only writer."""

from __future__ import annotations

from leaderboard.models.log_entry import Checkpoint, LogEntry, LogHead, SigningKey
from leaderboard.models.snapshot import Snapshot

__all__ = ("Checkpoint", "LogEntry", "LogHead", "SigningKey", "Snapshot")
